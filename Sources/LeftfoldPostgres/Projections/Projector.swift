import Foundation
import Leftfold
import LeftfoldDriver
public import Logging
import Metrics
public import ServiceLifecycle

/// Keeps one projection's live generation at the head of the log. As many may run as you like, in as many processes: one
/// works, the others stand by. Killed at any moment, the next one goes on exactly where the last transaction committed.
public struct Projector<P: Projection>: Service {
    private let projection: P
    private let database: LeftfoldDatabase
    private let batchSize: Int
    private let owner: String
    private let logger: Logger
    private let position: Gauge
    private let lag: Gauge

    /// How long it waits for an announcement before it looks by itself.
    private static var patience: Duration { .seconds(1) }

    public init(_ projection: P, in database: LeftfoldDatabase, batchSize: Int = 1000, logger: Logger) {
        self.projection = projection
        self.database = database
        self.batchSize = batchSize
        owner = "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)"
        var logger = logger
        logger[metadataKey: "projection"] = "\(projection.name)"
        self.logger = logger
        position = Gauge(label: "leftfold_projection_position", dimensions: [("projection", projection.name.name)])
        lag = Gauge(label: "leftfold_projection_lag_events", dimensions: [("projection", projection.name.name)])
    }

    /// Works until it is stopped. Trouble with the database is logged and tried again; it never ends the projector.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var pause = Duration.milliseconds(100)
            while !Task.isCancelled {
                do {
                    try await workOnLiveGeneration()
                    pause = .milliseconds(100)
                } catch is CancellationError {
                    break
                } catch {
                    if Task.isCancelled { break }
                    logger.error("projector interrupted", metadata: ["error": "\(error)", "again in": "\(pause)"])
                    try? await Task.sleep(for: pause)
                    pause = min(pause * 2, .seconds(5))
                }
            }
        }
    }

    /// Returns when the generation or the lease went away.
    private func workOnLiveGeneration() async throws {
        let generation = try await database.withConnection { try await Generation.ensureLive(projection, on: $0) }
        try await database.withConnection(on: generation) { connection in
            guard var lease = try await Lease.take(generation, owner: owner, on: connection) else {
                try await Task.sleep(for: Self.patience)
                return
            }
            logger.info("projecting", metadata: ["generation": "\(generation.number)", "position": "\(lease.position)"])
            do {
                try await follow(&lease, on: connection)
            } catch {
                // A connection that was cancelled mid-statement is closed; then the lease ends by itself.
                await release(lease, on: connection)
                throw error
            }
            await release(lease, on: connection)
        }
    }

    private func follow(_ lease: inout Lease, on connection: Connection) async throws {
        let catchUp = CatchUp(projection: projection, store: database.store, batchSize: batchSize)
        while !Task.isCancelled {
            if lease.failedPosition == nil {
                do {
                    try await catchUp.run(&lease, on: connection) { await report($0) }
                } catch CatchUp<P>.Stop.failed(let failed) {
                    try await lease.recordFailure(failed, on: connection)
                    logger.critical(
                        "projection stopped at an event; mend it and retry",
                        metadata: ["position": "\(failed.event.position)", "type": "\(failed.event.type)", "reason": "\(failed.reason)"])
                } catch CatchUp<P>.Stop.leaseLost {
                    return
                }
            }
            await report(lease.position)
            await database.announcements.wait(for: .log, at: lease.position.next, atMost: Self.patience)
            guard try await lease.renew(on: connection) else { return }
        }
    }

    private func report(_ reached: GlobalPosition) async {
        position.record(reached.rawValue)
        if let head = database.announcements.reached(.log) { lag.record(max(0, head.rawValue - reached.rawValue)) }
    }

    private func release(_ lease: Lease, on connection: Connection) async {
        // In a task of its own, awaited here: when we are stopped, this one's statements must still be sent.
        await Task {
            do { try await lease.release(on: connection) } catch {
                logger.debug("the lease ends by itself", metadata: ["error": "\(error)"])
            }
        }.value
    }
}

extension LeftfoldDatabase {
    func withConnection<T>(_ body: (Connection) async throws -> T) async throws -> T {
        try await withConnection(to: configuration, body)
    }

    /// A connection of its own on which the generation's tables are found by their plain names.
    func withConnection<T>(on generation: Generation, _ body: (Connection) async throws -> T) async throws -> T {
        var configuration = configuration
        configuration.applicationName = "\(configuration.applicationName) \(generation.schema)"
        configuration.settings["search_path"] = "\"\(generation.schema)\""
        return try await withConnection(to: configuration, body)
    }

    private func withConnection<T>(
        to configuration: ConnectionConfiguration, _ body: (Connection) async throws -> T
    ) async throws -> T {
        let connection = try await Connection.connect(configuration)
        do {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }
}
