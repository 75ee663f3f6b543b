import LeftfoldDriver
import Logging
import Synchronization

/// Waits until a database answers, and says what it waits for.
struct DatabaseWait: Sendable {
    private let configuration: ConnectionConfiguration
    private let limit: Duration
    private let logger: Logger
    private let tell: @Sendable (String) -> Void

    private static let pause = Duration.milliseconds(500)
    /// An attempt may take much longer before it fails.
    private static let silence = Duration.milliseconds(700)

    init(
        _ configuration: ConnectionConfiguration, atMost limit: Duration, logger: Logger, tell: @escaping @Sendable (String) -> Void
    ) {
        (self.configuration, self.limit, self.logger, self.tell) = (configuration, limit, logger, tell)
    }

    /// Throws the ``PostgresError`` of the last attempt when the time is over, and at once where waiting does not help.
    func run() async throws {
        let isTold = Mutex(false)
        let tellOnce: @Sendable (String) -> Void = { reason in
            guard
                isTold.withLock({ told in
                    defer { told = true }
                    return !told
                })
            else { return }
            tell("waiting for the database at \(place), at most \(limit.components.seconds) s: \(reason)")
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await Task.sleep(for: Self.silence)
                tellOnce("no answer yet")
            }
            defer { group.cancelAll() }
            let deadline = ContinuousClock.now + limit
            while true {
                do throws(PostgresError) {
                    return await (try Connection.connect(configuration, logger: logger)).close()
                } catch {
                    guard error.isWorthWaitingFor, ContinuousClock.now + Self.pause < deadline else { throw error }
                    tellOnce(error.message)
                }
                try await Task.sleep(for: Self.pause)
            }
        }
    }

    private var place: String {
        let hosts = configuration["host"] ?? configuration["hostaddr"] ?? "its usual socket"
        return configuration["port"].map { "\(hosts), port \($0)" } ?? hosts
    }
}
