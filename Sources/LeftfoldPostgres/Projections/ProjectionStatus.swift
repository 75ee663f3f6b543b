public import Foundation
public import Leftfold
import LeftfoldDriver

/// How one generation of a projection is doing.
public struct ProjectionStatus: Sendable, Codable, Equatable {
    public var projection: String
    public var generation: Int
    /// `live`, `building`, `kept` or `retired`.
    public var state: String
    /// Of the code that built it. Code of another version leaves it alone.
    public var codeVersion: Int
    public var position: GlobalPosition
    public var head: GlobalPosition
    public var eventsBehind: Int64
    /// How long ago the first event was recorded that is not applied yet; 0 at the head.
    public var secondsBehind: Double
    /// Who works on it; nil when nobody does.
    public var worker: String?
    /// The event that stopped it.
    public var failedPosition: GlobalPosition?
    /// Why it stopped; without a position: what keeps it from working, such as a right that it lacks. That it tries again by itself.
    public var failure: String?
    public var updatedAt: Date
    /// Since when nobody may work on it, because an operator said so.
    public var pausedAt: Date?
    /// How many events it has left out, because an operator said so.
    public var skippedEvents: Int64
    /// How many streams it leaves out for the time being.
    public var parkedStreams: Int64

    /// For operators: what stopped it and where, or what keeps it from working; nil where all is well.
    public var complaint: String? {
        guard let failure else { return nil }
        return failedPosition.map { "stopped at position \($0): \(failure)" } ?? "cannot work, and tries again by itself: \(failure)"
    }

    enum CodingKeys: String, CodingKey {
        case projection, generation, state
        case codeVersion = "code_version"
        case position, head
        case eventsBehind = "events_behind"
        case secondsBehind = "seconds_behind"
        case worker
        case failedPosition = "failed_position"
        case failure
        case updatedAt = "updated_at"
        case pausedAt = "paused_at"
        case skippedEvents = "skipped_events"
        case parkedStreams = "parked_streams"
    }
}

extension ProjectionStatus {
    /// What it leaves out, in words; nil where it leaves out nothing.
    public var exclusions: String? {
        if skippedEvents == 0, parkedStreams == 0 { return nil }
        return "leaves out \(skippedEvents) skipped events and \(parkedStreams) parked streams"
    }
}

extension LeftfoldDatabase {
    /// All generations that are live, kept or being built; also those that are retired, if asked for. Throws `Unavailable` when the database is away.
    public func projectionStatuses(retired: Bool = false) async throws -> [ProjectionStatus] {
        let states = ["live", "building", "kept"] + (retired ? ["retired"] : [])
        let rows: Rows
        do {
            rows = try await pool.execute(
                """
                SELECT p.projection, p.generation, p.state, p.code_version, p.position, p.head, p.events_behind, coalesce(p.seconds_behind, 0),
                    CASE WHEN p.leased THEN p.lease_owner END, p.failed_position, p.failure, p.updated_at, p.paused_at,
                    (SELECT count(*) FROM \(log).skipped_events AS s WHERE s.follower = p.follower),
                    (SELECT count(*) FROM \(log).parked_streams AS s WHERE s.follower = p.follower)
                FROM \(log).projections AS p WHERE p.state = ANY (\(states)) ORDER BY p.projection, p.generation
                """)
        } catch {
            throw error.asUnavailable
        }
        return try rows.map { row in
            ProjectionStatus(
                projection: try row[0].decode(), generation: try row[1].decode(), state: try row[2].decode(),
                codeVersion: try row[3].decode(), position: GlobalPosition(rawValue: try row[4].decode()),
                head: GlobalPosition(rawValue: try row[5].decode()), eventsBehind: try row[6].decode(), secondsBehind: try row[7].decode(),
                worker: try row[8].decode(), failedPosition: try row[9].decode(Int64?.self).map(GlobalPosition.init(rawValue:)),
                failure: try row[10].decode(), updatedAt: try row[11].decode(), pausedAt: try row[12].decode(),
                skippedEvents: try row[13].decode(),
                parkedStreams: try row[14].decode())
        }
    }

    /// Makes sure that every projection has tables, so that queries find them before the first projector has started.
    ///
    /// Throws ``UnfitProjection``, or the database's error.
    public func createReadTables(_ projections: [any PostgresProjection]) async throws {
        for projection in projections { _ = try await Generations(projection: projection, database: self).ensureLive() }
    }
}
