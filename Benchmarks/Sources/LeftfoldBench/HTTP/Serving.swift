import Hummingbird
import ServiceLifecycle

/// Runs a server for as long as something is measured against it.
enum Serving {
    /// - Parameters:
    ///   - application: made with what it must call with its port when it takes connections.
    ///   - body: gets the port.
    static func use<A: ApplicationProtocol>(
        _ application: (@escaping @Sendable (Int) async -> Void) -> A, _ body: (Int) async throws -> Void
    ) async throws {
        let (ports, started) = AsyncStream.makeStream(of: Int.self)
        let server = application { started.yield($0) }
        let services = ServiceGroup(services: [server], logger: Console.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { started.finish() }
                try await services.run()
            }
            if let port = await ports.first(where: { _ in true }) { try await body(port) }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }
}
