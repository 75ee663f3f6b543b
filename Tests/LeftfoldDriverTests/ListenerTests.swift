import LeftfoldTesting
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

    @Test("A channel whose name is not allowed is refused")
    func channel() async throws {
        let listener = Listener(try TestServer.configuration, channels: ["a\"; DROP"])
        #expect(try await postgresError { try await listener.run { _ in } }.kind == .encoding)
    }
}
