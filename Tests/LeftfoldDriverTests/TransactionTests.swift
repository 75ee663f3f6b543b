import Testing

@testable import LeftfoldDriver

@Suite(.needsServer) struct TransactionTests {
    struct Stop: Error {}

    @Test("A transaction commits when its closure returns and rolls back when it throws")
    func commit() async throws {
        let connection = try await TestServer.connect()
        try await connection.execute(script: "CREATE TEMP TABLE t (id int)")
        let value = try await connection.transaction { connection in
            try await connection.execute("INSERT INTO t VALUES (1)")
            #expect(await connection.isInTransaction)
            return 7
        }
        #expect(value == 7)
        await #expect(throws: Stop.self) {
            try await connection.transaction { connection in
                try await connection.execute("INSERT INTO t VALUES (2)")
                throw Stop()
            }
        }
        #expect(try await connection.value("SELECT count(*) FROM t", as: Int.self) == 1)
        #expect(await !connection.isInTransaction)
        await connection.close()
    }

    @Test("A closure that swallows an error does not commit")
    func swallowed() async throws {
        let connection = try await TestServer.connect()
        let error = try await postgresError {
            try await connection.transaction { connection in _ = try? await connection.execute("SELECT 1 / 0") }
        }
        #expect(error.kind == .server(.inFailedSQLTransaction) && !error.outcomeUnknown)
        #expect(await connection.isUsable)
        await connection.close()
    }

    @Test("Isolation and access are what was asked for; transactions do not nest")
    func isolation() async throws {
        let connection = try await TestServer.connect()
        for isolation in [TransactionIsolation.readCommitted, .repeatableRead, .serializable] {
            try await connection.transaction(isolation: isolation) { connection in
                let level: String = try await connection.value("SELECT current_setting('transaction_isolation')")
                #expect(level == isolation.rawValue.lowercased())
            }
        }
        let error = try await postgresError {
            try await connection.transaction(readOnly: true) { connection in _ = try await connection.execute("CREATE TABLE never (id int)")
            }
        }
        #expect(error.sqlState == .readOnlySQLTransaction)
        let nested = try await postgresError {
            try await connection.transaction { try await $0.transaction { _ in } }
        }
        #expect(nested.kind == .misuse)
        #expect(await connection.isUsable)
        #expect(await !connection.isInTransaction)
        await connection.close()
    }

    @Test("A connection lost inside a transaction is a rollback for sure, outside it is an unknown outcome")
    func lost() async throws {
        let connection = try await TestServer.connect()
        let error = try await postgresError {
            try await connection.transaction { connection in
                _ = try await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            }
        }
        #expect(error.kind == .connectionLost && error.sqlState == .adminShutdown && !error.outcomeUnknown)
        let second = try await TestServer.connect()
        let outside = try await postgresError { try await second.execute("SELECT pg_terminate_backend(pg_backend_pid())") }
        #expect(outside.kind == .connectionLost && outside.outcomeUnknown && outside.isConnectionFailure)
    }

    @Test("A task cancelled before the commit rolls back")
    func cancelled() async throws {
        let connection = try await TestServer.connect()
        try await connection.execute(script: "CREATE TEMP TABLE t (id int)")
        let error = try await postgresError {
            try await Task {
                try await connection.transaction { connection in
                    try await connection.execute("INSERT INTO t VALUES (1)")
                    withUnsafeCurrentTask { $0?.cancel() }
                }
            }.value
        }
        #expect(error.kind == .cancelled && !error.outcomeUnknown)
        #expect(try await connection.value("SELECT count(*) FROM t", as: Int.self) == 0)
        await connection.close()
    }
}
