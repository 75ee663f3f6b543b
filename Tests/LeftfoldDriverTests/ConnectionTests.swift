import Foundation
import LeftfoldTesting
import Testing

@testable import LeftfoldDriver

@Suite(.needsServer) struct ConnectionTests {
    /// Results of every size around the edges of the buffers of libpq, the kernel and TLS.
    static func checkSizes(_ connection: Connection) async throws {
        for kibibytes in [8, 16, 64, 80] {
            for size in stride(from: kibibytes * 1024 - 200, through: kibibytes * 1024 + 200, by: 25) {
                let text: String = try await connection.value("SELECT repeat('x', \(Int32(size)))", as: String.self)
                #expect(text.utf8.count == size)
                let echo: Data = try await connection.value("SELECT \(Data(repeating: 7, count: size))")
                #expect(echo.count == size)
            }
        }
    }

    @Test("Results of every size arrive whole")
    func sizes() async throws {
        let connection = try await TestServer.connect()
        try await Self.checkSizes(connection)
        let large = Data(repeating: 1, count: 20_000_000)
        let echo: Data = try await connection.value("SELECT \(large)")
        #expect(echo == large)
        await connection.close()
    }

    @Test("An error of the server leaves the connection usable and says what was violated")
    func errors() async throws {
        let connection = try await TestServer.connect()
        for _ in 0..<3 {
            let error = try await postgresError { try await connection.execute("SELECT 1 / \(0)") }
            #expect(
                error.kind == .server(SQLState("22012")) && !error.outcomeUnknown && !error.isConnectionFailure
                    && error.statementIndex == nil)
        }
        let missing = try await postgresError { try await connection.execute("SELECT * FROM nowhere") }
        #expect(missing.sqlState == .undefinedTable)
        try await connection.execute(script: "CREATE TEMP TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
        let twice = try await postgresError { try await connection.execute("INSERT INTO t VALUES (\(Int32(1)))") }
        #expect(twice.sqlState == .uniqueViolation && twice.constraintName == "t_pkey" && twice.tableName == "t")
        #expect(twice.detail?.contains("(id)=(1)") == true && !twice.description.contains("(id)=(1)"))
        #expect(try await connection.execute("UPDATE t SET id = \(Int32(2))").affected == 1)
        let script = try await postgresError { try await connection.execute(script: "INSERT INTO t VALUES (9); SELECT nonsense") }
        #expect(script.sqlState == .undefinedColumn)
        #expect(try await connection.value("SELECT count(*) FROM t", as: Int.self) == 1, "a script is one transaction")
        await connection.close()
    }

    @Test("An error that comes only at the commit is thrown")
    func atCommit() async throws {
        let connection = try await TestServer.connect()
        try await connection.execute(
            script: "CREATE TEMP TABLE p (id int PRIMARY KEY); CREATE TEMP TABLE c (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED)")
        for _ in 0..<2 {
            let single = try await postgresError { try await connection.execute("INSERT INTO c VALUES (\(Int32(5)))") }
            #expect(single.sqlState == .foreignKeyViolation)
            let batch = try await postgresError { try await connection.pipeline(["INSERT INTO c VALUES (6)", "SELECT 1"]) }
            #expect(batch.sqlState == .foreignKeyViolation)
        }
        #expect(try await connection.value("SELECT count(*) FROM c", as: Int.self) == 0)
        await connection.close()
    }

    @Test("A statement whose plan went stale is prepared again")
    func stalePlans() async throws {
        let connection = try await TestServer.connect()
        try await connection.execute(script: "CREATE TEMP TABLE s (a int); INSERT INTO s VALUES (1)")
        let select: SQL = "SELECT * FROM s"
        #expect(try await connection.execute(select).columnCount == 1)
        try await connection.execute(script: "ALTER TABLE s ADD b int")
        #expect(try await connection.execute(select).columnCount == 2, "cached plan must not change result type")
        try await connection.execute(script: "DEALLOCATE ALL")
        #expect(try await connection.execute(select).columnCount == 2, "prepared statement does not exist")
        try await connection.execute(script: "DISCARD PLANS; DEALLOCATE ALL")
        #expect(try await connection.pipeline([select, select]).map(\.columnCount) == [2, 2])
        await connection.close()
    }

    @Test("No more statements are kept prepared than the limit says")
    func bounded() async throws {
        var configuration = try TestServer.configuration
        configuration.preparedStatementLimit = 16
        let connection = try await Connection.connect(configuration, logger: TestServer.quiet)
        let known: SQL = "SELECT count(*) FROM pg_prepared_statements"
        for round in 0..<100 {
            let text = SQL(unsafe: "SELECT \(round % 40)")
            #expect(try await connection.value(text, as: Int.self) == round % 40)
            #expect(try await connection.value(known, as: Int.self) <= 26)
        }
        try await connection.transaction { connection in
            for round in 0..<50 { _ = try await connection.execute(SQL(unsafe: "SELECT \(round) + 1")) }
        }
        #expect(try await connection.value(known, as: Int.self) <= 26)
        configuration.preparedStatementLimit = 0
        let bare = try await Connection.connect(configuration, logger: TestServer.quiet)
        #expect(try await bare.value("SELECT \(4) + 1", as: Int.self) == 5)
        #expect(try await bare.pipeline(["SELECT \(1)", "SELECT \(2)"]).count == 2)
        #expect(try await bare.value(known, as: Int.self) == 0)
        await connection.close()
        await bare.close()
    }

    @Test("Two statements at once are refused, never mixed up")
    func together() async throws {
        let connection = try await TestServer.connect()
        let outcomes = await withTaskGroup(of: Result<Int, PostgresError>.self) { group in
            for index in 0..<20 {
                group.addTask {
                    do throws(PostgresError) {
                        let rows = try await connection.execute("SELECT \(index), pg_sleep(0.02)::text")
                        return .success((try? rows[0][0].decode(Int.self)) == index ? index : -1)
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var served = 0
        for outcome in outcomes {
            switch outcome {
            case .success(let index):
                served += 1
                #expect(index >= 0)
            case .failure(let error): #expect(error.kind == .misuse)
            }
        }
        #expect(served >= 1)
        #expect(try await connection.value("SELECT 1", as: Int.self) == 1)
        await connection.close()
    }

    @Test("Closing a connection wakes the one who waits for its answer")
    func closing() async throws {
        let connection = try await TestServer.connect()
        let waiting = Task { try await connection.execute("SELECT pg_sleep(60)::text") }
        let observer = try await TestServer.connect()
        let pid = await connection.backendProcessID
        try await eventually("sleeps") {
            try await observer.value("SELECT count(*) FROM pg_stat_activity WHERE pid = \(pid) AND wait_event = 'PgSleep'", as: Int.self)
                == 1
        }
        await connection.close()
        let error = try await postgresError { _ = try await waiting.value }
        #expect(error.kind == .connectionLost && error.outcomeUnknown)
        let later = try await postgresError { try await connection.execute("SELECT 1") }
        #expect(later.kind == .connectionLost && !later.outcomeUnknown)
        try await observer.execute("SELECT pg_terminate_backend(\(pid))")
        await observer.close()
    }

    @Test("COPY by the ordinary way is refused")
    func ordinaryCopy() async throws {
        let connection = try await TestServer.connect()
        #expect(try await postgresError { try await connection.execute(script: "COPY (SELECT 1) TO STDOUT") }.kind == .misuse)
        #expect(await !connection.isUsable)
    }

    @Test("A connection that the server refuses says why")
    func refused() async throws {
        var configuration = try TestServer.configuration
        configuration["dbname"] = "no_such_database"
        let database = try await postgresError { _ = try await Connection.connect(configuration) }
        #expect(database.kind == .connectionFailed && database.sqlState == .invalidCatalogName && database.isConnectionFailure)
        configuration = try TestServer.configuration
        configuration["user"] = "no_such_role"
        let role = try await postgresError { _ = try await Connection.connect(configuration) }
        #expect(role.kind == .connectionFailed)
        let host = try await postgresError { _ = try await Connection.connect(ConnectionConfiguration("host=/nowhere dbname=x")) }
        #expect(host.kind == .connectionFailed && host.sqlState == nil)
    }

    @Test("Of several hosts the first that lives is taken")
    func hosts() async throws {
        var configuration = try TestServer.configuration
        let (host, port) = (configuration["host"] ?? "", configuration["port"] ?? "5432")
        configuration["host"] = "127.0.0.1,\(host)"
        configuration["port"] = "1,\(port)"
        configuration["target_session_attrs"] = "read-write"
        let connection = try await Connection.connect(configuration, logger: TestServer.quiet)
        #expect(try await connection.value("SELECT 1", as: Int.self) == 1)
        configuration["target_session_attrs"] = "standby"
        let error = try await postgresError { _ = try await Connection.connect(configuration) }
        #expect(error.kind == .connectionFailed)
        await connection.close()
    }

    @Test("Settings of the configuration hold in the session")
    func settings() async throws {
        var configuration = try TestServer.configuration
        configuration.applicationName = "a name"
        configuration.statementTimeout = .milliseconds(30)
        configuration.settings = ["search_path": "x, y"]
        let connection = try await Connection.connect(configuration, logger: TestServer.quiet)
        #expect(try await connection.value("SELECT current_setting('search_path')", as: String.self) == "x, y")
        #expect(await connection.parameterStatus("application_name") == "a name")
        #expect(await connection.parameterStatus("client_encoding") == "UTF8")
        #expect(await connection.serverVersion >= 140_000)
        let error = try await postgresError { try await connection.execute("SELECT pg_sleep(10)::text") }
        #expect(error.kind == .server(.queryCanceled), "the server's own timeout")
        #expect(await connection.isUsable)
        await connection.close()
    }
}
