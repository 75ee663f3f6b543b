import Foundation
public import Leftfold
import LeftfoldDriver
import Logging

/// Builds the next generation of a projection from event zero beside the live one, and switches to it in one transaction.
/// Writes and queries go on throughout; nobody sees an empty or half-filled table. The live generation may be of another
/// version of the code, and its projectors go on with it until the switch.
public struct Rebuild: Sendable {
    private let projection: any PostgresProjection
    private let database: LeftfoldDatabase
    private let reader: LogReader
    private let memory: Int

    /// - Parameters:
    ///   - projection: in the version of the code that is to be live.
    ///   - database: the log that it follows, and where its tables are.
    ///   - batchSize: events at a time at most.
    ///   - memory: the rows of the fold form that are changed in memory before they are written, in bytes, about. The more, the fewer are
    ///     written twice.
    public init(_ projection: any PostgresProjection, in database: LeftfoldDatabase, batchSize: Int = 2000, memory: Int = 128 << 20) {
        self.projection = projection
        self.database = database
        self.memory = memory
        reader = LogReader(store: database.store, pace: BatchPace(batchSize), sources: projection.sources)
    }

    private var generations: Generations { Generations(projection: projection, database: database) }

    /// Rebuilds and returns what is live then. If it fails or is stopped, the live generation stays as it was, and the
    /// unfinished one is dropped. One that was killed leaves it behind, and a later rebuild drops it.
    ///
    /// Throws ``RebuildFailed``, or ``UnfitProjection``, or the database's error.
    ///
    /// - Parameter progress: called after each batch with its position and the head.
    public func run(progress: @escaping @Sendable (GlobalPosition, GlobalPosition) async -> Void = { _, _ in }) async throws -> Generation {
        _ = try await generations.ensureLive()
        let generation = try await database.withConnection { connection in
            try await connection.transaction { connection in
                try await generations.lock(on: connection)
                try await generations.dropAbandoned(on: connection)
                return try await generations.create(on: connection)
            }
        }
        do {
            while true {
                let (size, deadline) = (reader.pace.size, reader.pace.deadline)
                do {
                    try await database.withConnection(
                        for: generation.follower, searchPath: generation.searchPath(database), deadline: deadline
                    ) { try await build(generation, on: $0, progress) }
                    await dropRetired()
                    return generation
                } catch let error as PostgresError where error.isOverdue && (reader.pace.size, reader.pace.deadline) != (size, deadline) {
                    // A batch: again, with less of it or with more time.
                    continue
                }
            }
        } catch {
            let cause = error
            // In a task of its own, awaited here: also when we are stopped, the leftovers go.
            let outcome = await Task { () async throws in try await isLiveOrDropped(generation) }.result
            switch outcome {
            // The answer to the switch was lost, and nothing else.
            case .success(true): return generation
            case .success(false): throw cause
            case .failure(let leftover):
                throw failed("\(cause); and generation \(generation.number) could not be dropped (the next rebuild will): \(leftover)")
            }
        }
    }

    /// Drops it unless it is live.
    private func isLiveOrDropped(_ generation: Generation) async throws -> Bool {
        try await database.withConnection { connection in
            try await connection.transaction { connection in
                if try await generations.live({ try await connection.execute($0) }) == generation { return true }
                try await generations.drop(generation, on: connection)
                return false
            }
        }
    }

    private func build(
        _ generation: Generation, on connection: Connection, _ progress: @Sendable (GlobalPosition, GlobalPosition) async -> Void
    ) async throws {
        var lease = try await takeLease(of: generation)
        let writer = try await projection.form.writer(generation, connection)
        var head = try await database.store.head()
        do {
            try await writer.fill(from: reader, &lease, on: connection, memory: memory, progress)
            try await reader.read(after: lease.position, as: { writer.prepare($0) }) { batch in
                try await reader.pace.keep { try await writer.take(batch, &lease, on: connection) }
                head = max(head, lease.position)
                await progress(lease.position, head)
            }
            var pauses = Backoff(from: .milliseconds(100), to: .seconds(2))
            while true {
                do {
                    try await switchOver(to: generation, &lease, writer, on: connection)
                    break
                } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
                    // A long query reads the view, or somebody is amid a batch.
                    try await SilentSenders(log: database.log).end(through: database.pool, logger)
                    try await Task.sleep(for: pauses.next())
                    guard try await lease.renew(on: connection) else { throw LeaseLost() }
                }
            }
        } catch let event as FailedEvent {
            throw failed("\(event)")
        } catch is LeaseLost {
            throw failed("another process took the lease, or the log is in another epoch")
        }
        await progress(lease.position, max(head, lease.position))
    }

    /// After a batch that took too long our own may still be there.
    private func takeLease(of generation: Generation) async throws -> Lease {
        let end = ContinuousClock.now + Lease.length + BatchPace.usualDeadline
        while true {
            if let lease = try await Lease.take(generation.follower, in: database, owner: Self.owner) {
                return lease
            }
            guard .now < end else { throw failed("another process works on generation \(generation.number)") }
            try await SilentSenders(log: database.log).end(
                through: database.pool, ifFree: generation.follower, logger)
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Comes up to the live one and switches. Both go on meanwhile; where the live one is always a little further, it is asked to stand still.
    private func switchOver(
        to generation: Generation, _ lease: inout Lease, _ writer: any ProjectionWriter, on connection: Connection
    ) async throws {
        var isFirst = true
        while true {
            try await reader.read(after: lease.position, as: { writer.prepare($0) }) { batch in
                try await reader.pace.keep { try await writer.take(batch, &lease, on: connection) }
            }
            if try await generations.switchOver(to: generation, lease, on: connection) == nil { return }
            if !isFirst {
                guard try await lease.renew(on: connection) else { throw LeaseLost() }
                try await generations.holdLive(for: generation, lease, Self.owner, on: connection)
            }
            isFirst = false
        }
    }

    /// Statements may still run on those, and nobody is to wait for them: what is left, the next rebuild drops.
    private func dropRetired() async {
        do {
            try await database.withConnection { connection in
                try await connection.transaction { connection in
                    try await connection.execute("SET LOCAL lock_timeout = '2s'")
                    try await generations.lock(on: connection)
                    try await generations.dropRetired(on: connection)
                }
            }
        } catch {
            logger.notice("older generations are not dropped yet", metadata: ["projection": "\(projection.name)", "error": "\(error)"])
        }
    }

    private static var owner: String { "rebuild \(ProcessInfo.processInfo.processIdentifier)" }

    private var logger: Logger { Logger(label: "leftfold.rebuild") }

    private func failed(_ reason: String) -> RebuildFailed { RebuildFailed(projection: projection.name, reason: reason) }
}

/// A rebuild that did not come to its end. The live generation is untouched.
public struct RebuildFailed: Error, Sendable, CustomStringConvertible {
    public let projection: ProjectionName
    public let reason: String
    public var description: String { "rebuilding \(projection) failed: \(reason)" }
}
