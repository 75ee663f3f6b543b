import Foundation
public import Leftfold
import LeftfoldDriver
import Logging

/// Builds the next generation of a projection from event zero beside the live one, and switches to it in one transaction.
/// Writes and queries go on throughout; nobody sees an empty or half-filled table. The live generation may be of another
/// version of the code, and its projectors go on with it until the switch, and after it where it is kept.
///
/// What others attached to the read tables goes along where that is certain: rights, row security, statistics, comments, plain indexes, and
/// triggers, at the switch. An old generation to which anything else is attached is not dropped; that is logged as a warning, and
/// ``LeftfoldDatabase/attachedToOldGenerations(of:)`` tells.
public struct Rebuild: Sendable {
    private let projection: any PostgresProjection
    private let database: LeftfoldDatabase
    private let reader: LogReader
    private let keeping: Keeping
    private let memory: Int
    /// What must be live still when it begins; nil: whatever is.
    var replaced: Generation?

    /// Called after each batch with its position and the head.
    public typealias Progress = @Sendable (GlobalPosition, GlobalPosition) async -> Void

    /// - Parameters:
    ///   - projection: in the version of the code that is to be live.
    ///   - database: the log that it follows, and where its tables are.
    ///   - keeping: what becomes of the generation that is live until then.
    ///   - batchSize: events at a time at most.
    ///   - memory: the rows of the fold form that are changed in memory before they are written, in bytes, about. The more, the fewer are
    ///     written twice.
    public init(
        _ projection: any PostgresProjection, in database: LeftfoldDatabase, keeping: Keeping = .nothing, batchSize: Int = 2000,
        memory: Int = 128 << 20
    ) {
        self.projection = projection
        self.database = database
        self.keeping = keeping
        self.memory = memory
        reader = LogReader(store: database.store, pace: BatchPace(batchSize), sources: projection.sources)
    }

    private var generations: Generations { Generations(projection: projection, database: database) }

    /// Rebuilds and returns what is live then. If it fails or is stopped, the live generation stays as it was, and the
    /// unfinished one is dropped. One that was killed leaves it behind, and a later rebuild drops it.
    ///
    /// Throws ``RebuildFailed``, ``UnfitProjection``, ``OperationRefused`` while somebody else builds one (`rebuild_at_work`), or the database's
    /// error.
    public func run(progress: @escaping Progress = { _, _ in }) async throws -> Generation {
        try await rebuild { construction, head in
            try await construction.readAll(&head, progress)
            try await construction.switchOver(keeping: keeping)
        }
    }

    /// The same, and before the switch the new rows are compared with the live ones.
    ///
    /// - Parameters:
    ///   - limit: how many of the rows that differ are told of each table.
    ///   - progress: called after each batch with its position and the head.
    ///   - review: gets what differs. If it throws, nothing is switched, and that is thrown.
    public func run(
        comparing limit: Int, progress: @escaping Progress = { _, _ in },
        review: @escaping @Sendable (GenerationDifference) async throws -> Void
    ) async throws -> Generation {
        try await rebuild { construction, head in
            let difference = try await construction.compare(limit, &head, progress)
            try await construction.whileRenewing { try await review(difference) }
            try await construction.readAll(&head, progress)
            try await construction.switchOver(keeping: keeping)
        }
    }

    /// Builds the next generation, compares it with the live one, both at the same position, and drops it: nothing is switched. Throws what
    /// ``run(progress:)`` does.
    ///
    /// - Parameters:
    ///   - limit: how many of the rows that differ are told of each table.
    ///   - progress: called after each batch with its position and where the live generation was.
    public func difference(showing limit: Int = 10, progress: @escaping Progress = { _, _ in }) async throws -> GenerationDifference {
        let generation = try await generations.begin(logger, over: replaced)
        let result: Result<GenerationDifference, any Error>
        do {
            result = .success(
                try await build(generation) { construction, head in try await construction.compare(limit, &head, progress) })
        } catch {
            result = .failure(error)
        }
        try await cleanUp(generation, after: result)
        return try result.get()
    }

    private func rebuild(_ steps: (inout Construction, inout GlobalPosition) async throws -> Void) async throws -> Generation {
        let generation = try await generations.begin(logger, over: replaced)
        do {
            try await build(generation, steps)
        } catch {
            // The answer to the switch may have been lost, and nothing else.
            guard try await cleanUp(generation, after: Result<Void, any Error>.failure(error)) else { throw error }
        }
        await dropRetired()
        return generation
    }

    /// In a task of its own, awaited here: also when we are stopped, the leftovers go. Returns whether it is live, and stays.
    @discardableResult
    private func cleanUp<T>(_ generation: Generation, after result: Result<T, any Error>) async throws -> Bool {
        switch await Task(operation: { () async throws in try await isLiveOrDropped(generation) }).result {
        case .success(let isLive): return isLive
        case .failure(let leftover):
            let cause = if case .failure(let error) = result { "\(error); and " } else { "" }
            throw failed("\(cause)generation \(generation.number) could not be dropped (the next rebuild will): \(leftover)")
        }
    }

    /// Drops it unless it is live.
    private func isLiveOrDropped(_ generation: Generation) async throws -> Bool {
        try await database.withConnection { connection in
            try await connection.transaction { connection in
                if try await generations.live({ try await connection.execute($0) }) == generation { return true }
                let attached = try await generations.drop(generation, on: connection)
                if !attached.isEmpty { generation.staysBecause(attached) }
                return false
            }
        }
    }

    private func build<T: Sendable>(
        _ generation: Generation, _ steps: (inout Construction, inout GlobalPosition) async throws -> T
    ) async throws -> T {
        var head = try await database.store.head()
        while true {
            let (size, deadline) = (reader.pace.size, reader.pace.deadline)
            do {
                return try await database.withConnection(
                    for: generation.follower, searchPath: generation.searchPath(database), deadline: deadline
                ) { connection in
                    var construction = Construction(
                        generations: generations, generation: generation, reader: reader, memory: memory, connection: connection,
                        lease: try await takeLease(of: generation), writer: try await projection.form.writer(generation, connection))
                    return try await steps(&construction, &head)
                }
            } catch let error as PostgresError where error.isOverdue && (reader.pace.size, reader.pace.deadline) != (size, deadline) {
                // A batch: again, with less of it or with more time.
                continue
            } catch let event as FailedEvent {
                throw failed("\(event)")
            } catch is LeaseLost {
                throw failed("another process took the lease, or the log is in another epoch")
            }
        }
    }

    /// After a batch that took too long our own may still be there.
    private func takeLease(of generation: Generation) async throws -> Lease {
        let end = ContinuousClock.now + Lease.length + BatchPace.usualDeadline
        while true {
            if let lease = try await Lease.take(generation.follower, in: database, owner: Construction.owner) {
                return lease
            }
            guard .now < end else { throw failed("another process works on generation \(generation.number)") }
            try await SilentSenders(log: database.log).end(
                through: database.pool, ifFree: generation.follower, logger)
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Statements may still run on those, and nobody is to wait for them: what is left, the next rebuild drops.
    private func dropRetired() async {
        do {
            let staying = try await database.withConnection { connection in
                try await connection.transaction { connection in
                    try await connection.execute("SET LOCAL lock_timeout = '2s'")
                    try await generations.lock(on: connection)
                    return try await generations.dropRetired(on: connection)
                }
            }
            for (generation, attached) in staying { generation.staysBecause(attached) }
        } catch {
            logger.notice("older generations are not dropped yet", metadata: ["projection": "\(projection.name)", "error": "\(error)"])
        }
    }

    private var logger: Logger { Logger(label: "leftfold.rebuild") }

    private func failed(_ reason: String) -> RebuildFailed { RebuildFailed(projection: projection.name, reason: reason) }
}

/// A rebuild that did not come to its end. The live generation is untouched.
public struct RebuildFailed: Error, Sendable, CustomStringConvertible {
    public let projection: ProjectionName
    public let reason: String
    public var description: String { "rebuilding \(projection) failed: \(reason)" }
}
