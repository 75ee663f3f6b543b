import EmbeddedPostgres
import Foundation
import LeftfoldTesting
import Testing

@testable import LeftfoldDriver

@Suite(.needsServer, .serialized) struct RestartTests {
    @Test("A restart under a waiting statement is a lost connection of unknown outcome; then the pool recovers", arguments: [false, true])
    func restart(immediate: Bool) async throws {
        try await TestServer.withServer { server in
            let pool = Pool(try ConnectionConfiguration(server.connectionString), size: 3, logger: TestServer.quiet)
            try await pool.withConnection { observer in
                let waiting = Task { try await pool.execute("SELECT pg_sleep(60)::text") }
                try await eventually("sleeps") {
                    try await observer.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'", as: Int.self) == 1
                }
                try await server.restart(immediate: immediate)
                let error = try await postgresError { _ = try await waiting.value }
                #expect(error.isConnectionFailure && error.kind == .connectionLost && error.outcomeUnknown)
            }
            try await eventually("recovers") {
                do { return try await pool.execute("SELECT 1").count == 1 } catch { return false }
            }
            await pool.shutdown()
        }
    }

    @Test("Listeners and callers come back when the server does")
    func outage() async throws {
        try await TestServer.withServer { server in
            let configuration = try ConnectionConfiguration(server.connectionString)
            let listening = Shared(0)
            let listener = Task {
                try await Listener(configuration, channels: ["c"], logger: TestServer.quiet).run { event in
                    if case .listening = event { listening.withLock { $0 += 1 } }
                }
            }
            let pool = Pool(configuration, size: 3, logger: TestServer.quiet)
            try await pool.execute("SELECT 1")
            try await eventually("listens") { listening.withLock { $0 } == 1 }
            try await server.stop()
            let down = try await postgresError { try await pool.execute("SELECT 1") }
            #expect(down.isConnectionFailure)
            try await server.restart()
            try await eventually("listens again") { listening.withLock { $0 } == 2 }
            try await eventually("serves again") { (try? await pool.execute("SELECT 1")) != nil }
            listener.cancel()
            try await listener.value
            await pool.shutdown()
        }
    }

    @Test("Passwords and TLS work, and everything works over TLS")
    func tls() async throws {
        let keys = URL(fileURLWithPath: "/tmp/lf-tls-\(UInt32.random(in: 0 ... .max))")
        defer { try? FileManager.default.removeItem(at: keys) }
        try FileManager.default.createDirectory(at: keys, withIntermediateDirectories: true)
        let port = Int.random(in: 20_000..<32_000)
        try await TestServer.withServer(port: port) { server in
            let password = try String(contentsOf: server.dataDirectory.appendingPathComponent("password"), encoding: .utf8)
            var configuration = try ConnectionConfiguration("host=127.0.0.1 port=\(port) user=postgres dbname=postgres")
            configuration["password"] = "wrong"
            let wrong = try await postgresError { _ = try await Connection.connect(configuration, logger: TestServer.quiet) }
            #expect(wrong.kind == .connectionFailed && wrong.sqlState == .invalidPassword && !wrong.description.contains("wrong\""))
            // TLS is switched on in the running server: files in its own folder, then a reload.
            let data = server.dataDirectory.appendingPathComponent("data")
            let make = Process()
            make.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
            make.arguments = [
                "req", "-new", "-x509", "-days", "2", "-nodes", "-subj", "/CN=localhost", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-out", data.path + "/server.crt", "-keyout", data.path + "/server.key",
            ]
            make.standardError = FileHandle.nullDevice
            try make.run()
            make.waitUntilExit()
            try #require(make.terminationStatus == 0, "openssl is needed")
            let owner = try FileManager.default.attributesOfItem(atPath: data.path)[.ownerAccountID] as Any
            for file in ["server.crt", "server.key"] {
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o600, .ownerAccountID: owner], ofItemAtPath: data.path + "/" + file)
            }
            let admin = try await Connection.connect(ConnectionConfiguration(server.connectionString), logger: TestServer.quiet)
            try await admin.execute("ALTER SYSTEM SET ssl = on")
            try await admin.execute("SELECT pg_reload_conf()")
            await admin.close()
            configuration["password"] = password
            configuration["sslmode"] = "require"
            var connection: Connection?
            try await eventually("speaks TLS") {
                connection = try? await Connection.connect(configuration, logger: TestServer.quiet)
                return connection != nil
            }
            let secure = try #require(connection)
            #expect(try await secure.value("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", as: Bool.self))
            try await ConnectionTests.checkSizes(secure)
            let results = try await secure.pipeline((0..<200).map { _ in SQL("SELECT repeat('x', 50000)") })
            #expect(results.count == 200)
            var count = 0
            try await secure.stream("SELECT repeat('x', 1000) FROM generate_series(1, 10000)") { _ in count += 1 }
            #expect(count == 10_000)
            let timeout = try await postgresError { try await secure.execute("SELECT pg_sleep(60)::text", timeout: .milliseconds(50)) }
            #expect(timeout.kind == .timeout)
        }
    }
}

@Suite(.needsServer, .serialized) struct EmbeddedPostgresTests {
    private func ping(_ server: EmbeddedPostgres) async throws -> Int {
        let connection = try await Connection.connect(ConnectionConfiguration(server.connectionString), logger: TestServer.quiet)
        defer { Task { await connection.close() } }
        return try await connection.value("SELECT pg_backend_pid() * 0 + (SELECT count(*) FROM kept)", as: Int.self)
    }

    @Test("An embedded server is adopted, restarted for other settings, recovered and stopped")
    func lifecycle() async throws {
        let folder = URL(fileURLWithPath: "/tmp/lf-\(UInt32.random(in: 0 ... .max))/\(String(repeating: "deep/", count: 20))x")
        defer { try? FileManager.default.removeItem(atPath: "/tmp/" + folder.pathComponents[2]) }
        let lines = Shared<[String]>([])
        let log: @Sendable (String) -> Void = { line in lines.withLock { $0.append(line) } }
        // The server's account must be able to reach the folder; the parents that `start` makes are private to it.
        let first = try await EmbeddedPostgres.start(dataDirectory: folder, settings: ["fsync": "off"], database: "app", log: log)
        #expect(first.socketDirectory.path.utf8.count < 60, "a long path gets a short folder for its socket")
        defer { try? FileManager.default.removeItem(at: first.socketDirectory) }
        let connection = try await Connection.connect(ConnectionConfiguration(first.connectionString), logger: TestServer.quiet)
        try await connection.execute(script: "CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)")
        await connection.close()
        let again = try await EmbeddedPostgres.start(dataDirectory: folder, settings: ["fsync": "off"], database: "app", log: log)
        #expect(lines.withLock { $0.contains { $0.contains("runs already") } })
        #expect(try await ping(again) == 1)
        let changed = try await EmbeddedPostgres.start(
            dataDirectory: folder, settings: ["fsync": "off", "work_mem": "5MB"], database: "app", log: log)
        #expect(lines.withLock { $0.contains { $0.contains("other settings") } })
        #expect(try await ping(changed) == 1 && changed.socketDirectory == first.socketDirectory)
        // A crash of the machine: the server is gone, its file with a process number that means nothing stays.
        try await changed.stop(immediate: true)
        try await changed.stop()
        let stale = folder.appendingPathComponent("data/postmaster.pid")
        try "\(ProcessInfo.processInfo.processIdentifier)\n\(folder.path)/data\n0\n5432\n/tmp\n\n0 0\nready\n".write(
            to: stale, atomically: true, encoding: .utf8)
        let recovered = try await EmbeddedPostgres.start(dataDirectory: folder, settings: ["fsync": "off"], database: "app", log: log)
        #expect(try await ping(recovered) == 1)
        try await recovered.stop()
        await #expect(throws: EmbeddedPostgresError.self) {
            try await EmbeddedPostgres.start(dataDirectory: folder, settings: ["no_such_setting": "1"], log: log)
        }
        await #expect(throws: EmbeddedPostgresError.self) {
            try await EmbeddedPostgres.start(dataDirectory: folder, settings: ["a b": "1"], log: log)
        }
    }
}
