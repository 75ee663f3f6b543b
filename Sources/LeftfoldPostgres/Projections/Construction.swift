import Foundation
import Leftfold
import LeftfoldDriver
import Logging

/// A generation that is being built, with the lease of who builds it and the connection that writes it.
struct Construction: Sendable {
    let generations: Generations
    let generation: Generation
    let reader: LogReader
    /// Of the rows that it may keep before they are written, in bytes, about.
    let memory: Int
    let connection: Connection
    var lease: Lease
    let writer: any ProjectionWriter

    static var owner: String { "rebuild \(ProcessInfo.processInfo.processIdentifier)" }

    private var database: LeftfoldDatabase { generations.database }

    /// Takes in all that there is, up to a position or to the head.
    ///
    /// - Parameter head: the last known, for whoever watches.
    mutating func readAll(upTo end: GlobalPosition? = nil, _ head: inout GlobalPosition, _ progress: Rebuild.Progress) async throws {
        var known = head
        // By a faster way first, if the projection's form has one.
        try await writer.fill(from: reader, upTo: end, &lease, on: connection, memory: memory, progress)
        try await read(upTo: end) { reached in
            known = max(known, reached)
            await progress(reached, end ?? known)
        }
        head = known
        await progress(lease.position, max(end ?? head, lease.position))
    }

    private mutating func read(
        upTo end: GlobalPosition? = nil, _ watch: (GlobalPosition) async -> Void = { _ in }
    ) async throws {
        let (reader, writer, connection) = (reader, writer, connection)
        var lease = lease
        defer { self.lease = lease }
        try await reader.read(after: lease.position, upTo: end, as: { writer.prepare($0) }) { batch in
            try await reader.pace.keep { try await writer.take(batch, &lease, on: connection) }
            await watch(lease.position)
        }
    }

    private mutating func renew() async throws { guard try await lease.renew(on: connection) else { throw LeaseLost() } }

    // MARK: Switching

    /// Comes up to the live one and switches. Both go on meanwhile; where the live one is always a little further, it is asked to stand still.
    mutating func switchOver(keeping: Keeping) async throws {
        var pauses = Backoff(from: .milliseconds(100), to: .seconds(2))
        while true {
            do {
                return try await switchOverUnlessLocked(keeping)
            } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
                // A long query reads the view, or somebody is amid a batch.
                try await SilentSenders(log: database.log).end(through: database.pool, Logger(label: "leftfold.rebuild"))
                try await Task.sleep(for: pauses.next())
                try await renew()
            }
        }
    }

    private mutating func switchOverUnlessLocked(_ keeping: Keeping) async throws {
        var isFirst = true
        while true {
            try await read()
            if try await generations.switchOver(to: generation, lease, keeping: keeping, on: connection) == nil { return }
            if !isFirst {
                try await renew()
                try await generations.holdLive(for: generation, lease, Self.owner, on: connection)
            }
            isFirst = false
        }
    }

    // MARK: Comparing

    /// Comes up to the live one, and no further, and tells what differs. The live one goes on.
    mutating func compare(
        _ limit: Int, _ head: inout GlobalPosition, _ progress: Rebuild.Progress
    ) async throws -> GenerationDifference {
        let live = try await generations.livePosition()
        guard try await database.store.head() >= live else {
            throw RebuildFailed(
                projection: generation.projection,
                reason: "there is nothing to compare with: the live generation is at \(live), and the log ends before")
        }
        try await readAll(upTo: live, &head, progress)
        let comparison = GenerationComparison(generations: generations, generation: generation, limit: limit)
        while true {
            try await read(upTo: try await generations.livePosition())
            try await renew()
            do {
                try await read(upTo: try await generations.holdLive(for: generation, lease, Self.owner, on: connection))
            } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
                continue
            }
            if let difference = try await whileRenewing({ try await comparison.run() }) { return difference }
        }
    }

    /// Keeps the lease while something else takes its time.
    mutating func whileRenewing<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T {
        let (before, connection) = (lease, connection)
        let value = try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                var lease = before
                while true {
                    try await Task.sleep(for: .seconds(1))
                    guard try await lease.renew(on: connection) else { throw LeaseLost() }
                }
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let value else { throw CancellationError() }
        try await renew()
        return value
    }
}

extension Generations {
    /// Where the live one is.
    func livePosition() async throws -> GlobalPosition {
        try await database.pool.execute(
            """
            SELECT f.position FROM \(log).generations AS g JOIN \(log).followers AS f ON f.name = g.follower
            WHERE g.projection = \(name) AND g.state = 'live'
            """
        ).first?.decode(GlobalPosition.self) ?? .zero
    }
}
