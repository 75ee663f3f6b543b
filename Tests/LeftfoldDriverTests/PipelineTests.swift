import Testing

@testable import LeftfoldDriver

@Suite(.needsServer) struct PipelineTests {
    @Test("All statements of a pipeline happen or none, and the error says which one failed")
    func atomic() async throws {
        let connection = try await TestServer.connect()
        try await connection.execute(script: "CREATE TEMP TABLE t (id int PRIMARY KEY)")
        let results = try await connection.pipeline([
            "INSERT INTO t VALUES (\(Int32(1)))", "INSERT INTO t VALUES (\(Int32(2)))", "SELECT count(*) FROM t",
        ])
        #expect(try results.map(\.command) == ["INSERT 0 1", "INSERT 0 1", "SELECT 1"] && results[2][0].decode(Int.self) == 2)
        for culprit in [0, 1, 3] {
            var batch = (10..<14).map { SQL("INSERT INTO t VALUES (\(Int32($0)))") }
            batch[culprit] = "INSERT INTO t VALUES (\(Int32(1)))"
            let error = try await postgresError { try await connection.pipeline(batch) }
            #expect(error.sqlState == .uniqueViolation && error.statementIndex == culprit && !error.outcomeUnknown)
            #expect(try await connection.value("SELECT count(*) FROM t", as: Int.self) == 2)
        }
        let syntax = try await postgresError { try await connection.pipeline(["INSERT INTO t VALUES (77)", "SELEC", "SELECT 5"]) }
        #expect(syntax.sqlState == .syntaxError && syntax.statementIndex == 1)
        #expect(try await connection.pipeline(["SELECT 5", "SELECT 6"]).count == 2, "what the error skipped is prepared now")
        let encoding = try await postgresError { try await connection.pipeline(["INSERT INTO t VALUES (78)", "SELECT \("\0")"]) }
        #expect(encoding.kind == .encoding && encoding.statementIndex == 1)
        #expect(try await connection.value("SELECT count(*) FROM t", as: Int.self) == 2)
        #expect(try await connection.pipeline([]).isEmpty)
        await connection.close()
    }

    @Test("A pipeline inside a transaction is part of it")
    func transaction() async throws {
        let connection = try await TestServer.connect()
        try await connection.execute(script: "CREATE TEMP TABLE t (id int PRIMARY KEY)")
        try await connection.transaction { connection in
            try await connection.pipeline(["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)"])
        }
        #expect(try await connection.value("SELECT count(*) FROM t", as: Int.self) == 2)
        let error = try await postgresError {
            try await connection.transaction { connection in
                try await connection.execute("INSERT INTO t VALUES (3)")
                _ = try? await connection.pipeline(["INSERT INTO t VALUES (4)", "INSERT INTO t VALUES (1)"])
            }
        }
        #expect(error.sqlState == .inFailedSQLTransaction, "the swallowed error does not become a commit")
        #expect(try await connection.value("SELECT count(*) FROM t", as: Int.self) == 2)
        await connection.close()
    }

    @Test("A hundred thousand statements are one batch")
    func many() async throws {
        let connection = try await TestServer.connect()
        try await connection.execute(script: "CREATE TEMP TABLE t (id bigint)")
        let batch = (0..<100_000).map { SQL("INSERT INTO t VALUES (\($0))") }
        let results = try await connection.pipeline(batch)
        #expect(results.count == 100_000 && results.allSatisfy { $0.affected == 1 })
        #expect(try await connection.value("SELECT sum(id)::bigint FROM t", as: Int.self) == 4_999_950_000)
        await connection.close()
    }

    /// The server stops reading when nobody reads its answers: large both ways.
    @Test("A pipeline that is large both ways does not stall")
    func large() async throws {
        let connection = try await TestServer.connect()
        let payload = String(repeating: "y", count: 50_000)
        let results = try await connection.pipeline((0..<400).map { _ in SQL("SELECT repeat('x', 50000) || \(payload)") })
        #expect(try results.allSatisfy { try $0[0].decode(String.self).utf8.count == 100_000 })
        await connection.close()
    }
}
