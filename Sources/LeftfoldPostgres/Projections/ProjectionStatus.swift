public import Foundation
public import Leftfold
import LeftfoldDriver

/// How one generation of a projection is doing.
public struct ProjectionStatus: Sendable, Codable, Equatable {
    public var projection: String
    public var generation: Int
    /// `live`, `building` or `retired`.
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
    public var failure: String?
    public var updatedAt: Date

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
    }
}

extension LeftfoldDatabase {
    /// All generations that are live or being built. Throws `Unavailable` when the database is away.
    public func projectionStatuses() async throws -> [ProjectionStatus] {
        let rows: Rows
        do {
            rows = try await pool.execute(
                """
                SELECT projection, generation, state, code_version, position, head, events_behind, coalesce(seconds_behind, 0),
                    CASE WHEN leased THEN lease_owner END, failed_position, failure, updated_at
                FROM \(log).projections WHERE state IN ('live', 'building') ORDER BY projection, generation
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
                failure: try row[10].decode(), updatedAt: try row[11].decode())
        }
    }

    /// Lets a projection that stopped at an event try again, at once. False when there is nothing to retry. Throws
    /// `Unavailable` when the database is away.
    public func retry(_ projection: ProjectionName) async throws -> Bool {
        do {
            return try await pool.execute(
                """
                WITH mended AS (
                    UPDATE \(log).followers AS f SET failed_position = NULL, failed_at = NULL, failure = NULL
                    FROM \(log).generations AS g
                    WHERE g.projection = \(projection) AND g.state = 'live' AND f.name = g.follower
                        AND f.failed_position IS NOT NULL
                    RETURNING f.name
                ) SELECT pg_notify(\(Announcements.checkpoints(of: log)), 'retry ' || name) FROM mended
                """
            ).count > 0
        } catch {
            throw error.asUnavailable
        }
    }

    /// Makes sure that every projection has tables, so that queries find them before the first projector has started.
    ///
    /// Throws ``UnfitProjection``, or the database's error.
    public func createReadTables(_ projections: [any PostgresProjection]) async throws {
        for projection in projections { _ = try await Generations(projection: projection, database: self).ensureLive() }
    }
}
