import LeftfoldTesting
import Logging
import Testing

@testable import LeftfoldDriver

@Suite(.needsServer) struct ListenerTests {
    @Test("A listener hears all that is announced, and comes back when its session is killed")
    func listens() async throws {
        let events = Shared<[String]>([])
        var configuration = try TestServer.configuration
        configuration.applicationName = "listener_test"
        let listener = Listener(configuration, channels: ["leftfold_a", "leftfold_b"], logger: TestServer.quiet)
        let task = Task {
            try await listener.run { event in
                events.withLock {
                    switch event {
                    case .listening: $0.append("listening")
                    case .notification(let channel, let payload): $0.append("\(channel):\(payload)")
                    case .disconnected(let error): $0.append("disconnected \(error.sqlState?.rawValue ?? "-")")
                    }
                }
            }
        }
        let heard: () -> [String] = { events.withLock { $0 } }
        try await eventually("listens") { heard().last == "listening" }
        let other = try await TestServer.connect()
        try await other.execute("SELECT pg_notify('leftfold_a', 'one'), pg_notify('leftfold_b', ''), pg_notify('other', 'x')")
        try await eventually("hears") { heard().suffix(3) == ["listening", "leftfold_a:one", "leftfold_b:"] }
        try await other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'listener_test'")
        try await eventually("comes back") { heard().contains("disconnected 57P01") && heard().last == "listening" }
        try await other.execute("SELECT pg_notify('leftfold_a', g::text) FROM generate_series(1, 1000) g")
        try await eventually("hears all, in order") { heard().suffix(1000) == (1...1000).map { "leftfold_a:\($0)" }[...] }
        task.cancel()
        try await task.value
        try await eventually("its session is over") {
            try await other.value("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'listener_test'", as: Int.self) == 0
        }
        await other.close()
    }

    @Test("That it was lost is logged once, however often it tries to come back, and it is back when the server lets it")
    func loggedOnce() async throws {
        let database = "listener_\(UInt32.random(in: 0 ... .max))"
        let other = try await TestServer.connect()
        try await other.execute(SQL(unsafe: "CREATE DATABASE \(database)"))
        let log = Shared<[String]>([])
        let (attempts, listening) = (Shared(0), Shared(0))
        var configuration = try TestServer.configuration
        configuration["dbname"] = database
        let listener = Listener(configuration, channels: ["a"], logger: Logger(collecting: log))
        let task = Task {
            try await listener.run { event in
                switch event {
                case .listening: listening.withLock { $0 += 1 }
                case .disconnected: attempts.withLock { $0 += 1 }
                case .notification: break
                }
            }
        }
        try await eventually("listens") { listening.withLock { $0 } == 1 }
        try await other.execute(SQL(unsafe: "ALTER DATABASE \(database) ALLOW_CONNECTIONS false"))
        try await other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = \(database)")
        try await eventually("has tried several times") { attempts.withLock { $0 } >= 4 }
        #expect(log.withLock { $0 }.filter { $0.hasPrefix("warning") }.count == 1, "\(log.withLock { $0 })")
        try await other.execute(SQL(unsafe: "ALTER DATABASE \(database) ALLOW_CONNECTIONS true"))
        try await eventually("is back") { listening.withLock { $0 } == 2 }
        try await eventually("says so") { log.withLock { $0 }.contains("info listening again") }
        #expect(log.withLock { $0 }.filter { $0.hasPrefix("warning") }.count == 1)
        task.cancel()
        try await task.value
        try await other.execute(SQL(unsafe: "DROP DATABASE \(database) WITH (FORCE)"))
        await other.close()
    }

    @Test("A server that ends idle sessions costs neither warnings nor errors")
    func idleSessions() async throws {
        let log = Shared<[String]>([])
        var configuration = try TestServer.configuration
        configuration.applicationName = "idle_\(UInt32.random(in: 0 ... .max))"
        configuration.settings["idle_session_timeout"] = "500ms"
        let pool = Pool(configuration, size: 2, acquireTimeout: .seconds(60), logger: Logger(collecting: log))
        let other = try await TestServer.connect()
        for _ in 0..<2 {
            // A session may also end between its start and its first statement, on a busy machine.
            try await eventually("it answers") { (try? await pool.execute("SELECT 1")) != nil }
            try await eventually("its session is over") {
                try await other.value(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = \(configuration.applicationName)", as: Int.self) == 0
            }
        }
        try await eventually("it answers again") { (try? await pool.execute("SELECT 1")) != nil }
        #expect(log.withLock { $0 }.filter { $0.hasPrefix("warning") || $0.hasPrefix("error") } == [])
        await pool.shutdown()
        await other.close()
    }

    @Test("A channel whose name is not allowed is refused")
    func channel() async throws {
        let listener = Listener(try TestServer.configuration, channels: ["a\"; DROP"])
        #expect(try await postgresError { try await listener.run { _ in } }.kind == .encoding)
    }
}

extension Logger {
    /// Writes what it is told, from info on, as `level message`.
    fileprivate init(collecting lines: Shared<[String]>) {
        self.init(label: "collecting") { _ in Collecting(lines: lines) }
    }

    private struct Collecting: LogHandler {
        let lines: Shared<[String]>
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.withLock { $0.append("\(event.level) \(event.message)") } }
    }
}
