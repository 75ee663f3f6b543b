public import Foundation
public import Leftfold
import LeftfoldDriver

/// How one generation of a projection is doing.
public struct ProjectionStatus: Sendable, Codable, Equatable {
    public var projection: String
    public var generation: Int
    /// `live`, `building` or `retired`.
    public var state: String
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
        case projection, generation, state, position, head
        case eventsBehind = "events_behind"
        case secondsBehind = "seconds_behind"
        case worker
        case failedPosition = "failed_position"
        case failure
        case updatedAt = "updated_at"
    }
}

extension LeftfoldDatabase {
    /// All generations that are live or being built.
    public func projectionStatuses() async throws -> [ProjectionStatus] {
        let rows: Rows
        do {
            rows = try await pool.execute(
                """
                SELECT projection, generation, state, position, head, events_behind, coalesce(seconds_behind, 0),
                    CASE WHEN leased THEN lease_owner END, failed_position, failure, updated_at
                FROM leftfold.lag ORDER BY projection, generation
                """)
        } catch {
            throw error.asUnavailable
        }
        return try rows.map { row in
            ProjectionStatus(
                projection: try row[0].decode(), generation: Int(try row[1].decode(Int32.self)), state: try row[2].decode(),
                position: GlobalPosition(rawValue: try row[3].decode()), head: GlobalPosition(rawValue: try row[4].decode()),
                eventsBehind: try row[5].decode(), secondsBehind: try row[6].decode(), worker: try row[7].decode(),
                failedPosition: try row[8].decode(Int64?.self).map(GlobalPosition.init(rawValue:)), failure: try row[9].decode(),
                updatedAt: try row[10].decode())
        }
    }

    /// Lets a projection that stopped at an event try again. False when there is nothing to retry.
    public func retry(_ projection: ProjectionName) async throws -> Bool {
        try await pool.execute(
            """
            UPDATE leftfold.checkpoints SET failed_position = NULL, failed_at = NULL, failure = NULL
            WHERE projection = \(projection.name) AND state = 'live' AND failed_position IS NOT NULL
            """
        ).affected > 0
    }

    /// Makes sure that every projection has tables, so that queries find them before the first projector has started.
    public func createReadTables(_ projections: [any Projection]) async throws {
        for projection in projections { try await createReadTable(projection) }
    }

    private func createReadTable(_ projection: some Projection) async throws {
        _ = try await withConnection { try await Generation.ensureLive(projection, on: $0) }
    }
}
