public import Leftfold
import LeftfoldDriver
import Logging
import Synchronization

/// Keeps projections in the transactions of appends: takes in what is between the checkpoint and the end of the log, which usually are
/// the events of the append alone. The checkpoint moves as it does for any follower (I5); nobody holds a lease for it.
final class InlineProjections: AppendCompanion {
    /// How many events that others have appended are taken in by the way, under the append lock. Further behind, a projector catches up.
    private static let maximumLag: Int64 = 1000

    private let projections: [any PostgresProjection]
    private let database: LeftfoldDatabase
    private let logger: Logger
    /// Those of which another version of the code is live, and the generation of which that was said.
    private let foreign = Mutex<[ProjectionName: Int]>([:])

    init(_ projections: [any PostgresProjection], in database: LeftfoldDatabase, logger: Logger) {
        (self.projections, self.database, self.logger) = (projections, database, logger)
    }

    private var log: LogName { database.log }

    var looks: [SQL] {
        projections.flatMap { projection in
            [
                """
                SELECT g.number, g.code_version, f.position, f.lease_epoch, f.paused_at IS NOT NULL, f.failed_position,
                    \(fragment: Lease.isFree),
                    EXISTS (SELECT FROM \(log).skipped_events AS s WHERE s.follower = f.name AND s.position > f.position)
                        OR EXISTS (SELECT FROM \(log).parked_streams AS s WHERE s.follower = f.name)
                FROM \(log).generations AS g JOIN \(log).followers AS f ON f.name = g.follower
                WHERE g.projection = \(projection.name) AND g.state = 'live'
                FOR NO KEY UPDATE OF f NOWAIT
                """,
                """
                SELECT \(fragment: RecordedEvent.columns) FROM \(log).events
                WHERE position > (
                    SELECT f.position FROM \(log).generations AS g JOIN \(log).followers AS f ON f.name = g.follower
                    WHERE g.projection = \(projection.name) AND g.state = 'live')
                ORDER BY position LIMIT \(Self.maximumLag + Int64(Self.maximumBatch))
                """,
            ]
        }
    }

    /// A chain that alone has more is not for projections of this kind.
    private static let maximumBatch = 2000

    func write(_ found: ArraySlice<Rows>, on connection: Connection) async throws {
        var found = found
        for projection in projections {
            guard let live = found.popFirst(), let rows = found.popFirst() else { return }
            guard let follower = try live.first.map({ try Follower($0, projection.name, in: log) }) else {
                throw Unavailable("The read tables of \(projection.name) are not there yet.")
            }
            guard !rows.isEmpty, !isForeign(follower.generation, to: projection) else { continue }
            if let reason = follower.isHeldUp { throw Unavailable("Appends keep \(projection.name), which \(reason).") }
            guard rows.count < Self.maximumLag + Int64(Self.maximumBatch) else {
                throw CompanionBusy(reason: "Appends keep \(projection.name), which is too far behind, and is catching up.")
            }
            guard follower.isFree else { throw CompanionBusy(reason: "Appends keep \(projection.name), which is catching up.") }
            let events = try RecordedEvent.contiguous(rows, after: follower.position)
            do {
                try await write(events, projection, follower, on: connection)
            } catch let failed as FailedEvent {
                throw InlineProjectionFailed(projection: projection.name, reason: "\(failed)")
            } catch let mismatch as RowMismatch {
                throw InlineProjectionFailed(projection: projection.name, reason: "\(mismatch)")
            }
        }
    }

    private func write(
        _ events: [RecordedEvent], _ projection: any PostgresProjection, _ follower: Follower, on connection: Connection
    ) async throws {
        guard let last = events.last else { return }
        let path = follower.generation.searchPath(database).asSearchPath
        try await connection.execute("SELECT set_config('search_path', \(path), true)")
        let plain = try await projection.form.writer(follower.generation, connection)
        let exclusions =
            follower.hasExclusions
            ? try await Exclusions.find(for: follower.name, after: follower.position, in: log, on: connection) : Exclusions()
        let handler: any BatchHandler = exclusions.isEmpty ? plain : ExcludingHandler(base: plain, exclusions: exclusions)
        let touched = handler.touched(by: events[...]).announced
        try await handler.handle(
            events[...],
            after: """
                SELECT \(log).advance(
                    \(follower.name), \(follower.position), \(last.position), \(follower.epoch), make_interval(secs => 0), \(touched),
                    \(database.watch.history.settled?.rawValue))
                """, on: connection)
    }

    private func isForeign(_ live: Generation, to projection: any PostgresProjection) -> Bool {
        if live.codeVersion == projection.version { return false }
        let isNew = foreign.withLock { $0.updateValue(live.number, forKey: projection.name) != live.number }
        if isNew {
            logger.warning(
                "appends do not keep the projection: what is live was built by another version of the code",
                metadata: [
                    "projection": "\(projection.name)", "generation": "\(live.number)", "built by version": "\(live.codeVersion)",
                    "this is version": "\(projection.version)",
                ])
        }
        return true
    }

    private struct Follower {
        let generation: Generation
        let position: GlobalPosition
        let epoch: Int64
        let isPaused: Bool
        let failedPosition: Int64?
        let isFree: Bool
        let hasExclusions: Bool

        init(_ row: Row, _ projection: ProjectionName, in log: LogName) throws {
            let (number, version) = (try row[0].decode(Int.self), try row[1].decode(Int.self))
            generation = Generation(log: log, projection: projection, number: number, codeVersion: version)
            (position, epoch) = (GlobalPosition(rawValue: try row[2].decode()), try row[3].decode())
            (isPaused, failedPosition) = (try row[4].decode(), try row[5].decode())
            (isFree, hasExclusions) = (try row[6].decode(), try row[7].decode())
        }

        var name: FollowerName { generation.follower }

        /// Until an operator does something.
        var isHeldUp: String? {
            if isPaused { return "is paused" }
            return failedPosition.map { "stands at the event at position \($0)" }
        }
    }
}

/// An event that its append was not committed with, because a projection that appends keep cannot apply it.
public struct InlineProjectionFailed: Error, Sendable, CustomStringConvertible {
    public let projection: ProjectionName
    public let reason: String
    public var description: String { "the append was not committed, because \(projection) goes with it: \(reason)" }
}

extension LeftfoldDatabase {
    /// From now on, what is appended through ``store`` is committed together with its rows in those of the projections that say
    /// ``PostgresProjection/isInline``. To be called before the first append; a service does it by itself.
    public func keepInline(_ projections: [any PostgresProjection]) {
        let inline = projections.filter(\.isInline)
        store.appender.accompany(with: inline.isEmpty ? nil : InlineProjections(inline, in: self, logger: logger))
    }
}
