import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals

/// Runs work that SIGINT or SIGTERM cancels, so that it can clean up behind itself.
func interruptible<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T {
    let work = Work(body: body)
    var quiet = Logger(label: "interruption")
    quiet.logLevel = .critical
    try await ServiceGroup(
        configuration: .init(
            services: [
                .init(
                    service: work, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup)
            ],
            cancellationSignals: [.sigterm, .sigint], logger: quiet)
    ).run()
    return try work.result()
}

private final class Work<T: Sendable>: Service {
    private let body: @Sendable () async throws -> T
    private let outcome = Mutex<Result<T, any Error>?>(nil)

    init(body: @escaping @Sendable () async throws -> T) { self.body = body }

    func run() async {
        let result: Result<T, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        outcome.withLock { $0 = result }
    }

    func result() throws -> T {
        guard let result = outcome.withLock({ $0 }) else { throw CancellationError() }
        return try result.get()
    }
}
