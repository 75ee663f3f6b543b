public import Foundation
public import Leftfold
import LeftfoldDriver

/// An event or a stream that a projection leaves out, because an operator said so.
public struct ProjectionSkip: Sendable, Codable, Equatable {
    public var projection: String
    public var generation: Int
    /// Of the event; of a parked stream, of the first one that was passed.
    public var position: GlobalPosition
    public var stream: String
    /// Of the event; nil of a parked stream.
    public var type: String?
    /// From which version on a parked stream is left out; nil of an event.
    public var fromVersion: Int64?
    /// How many events of a parked stream were passed so far; nil of an event.
    public var waiting: Int64?
    /// Whether a parked stream is to be taken back.
    public var resuming: Bool
    /// Why it could not be taken back.
    public var failure: String?
    public var performedAt: Date
    /// As the database knows who did it.
    public var sessionRole: String
    /// As they said who they are.
    public var principal: String
    public var reason: String?

    enum CodingKeys: String, CodingKey {
        case projection, generation, position, stream, type
        case fromVersion = "from_version"
        case waiting, resuming, failure
        case performedAt = "performed_at"
        case sessionRole = "session_role"
        case principal, reason
    }
}

/// What an operator did to a projection.
public struct ProjectionOperation: Sendable, Codable, Equatable {
    public var number: Int64
    public var performedAt: Date
    /// `retry`, `skip`, `park`, `unpark`, `pause`, `resume`, `rollback`, `drop` or `remove`.
    public var operation: String
    public var projection: String
    public var position: GlobalPosition?
    public var stream: String?
    /// What had stopped it.
    public var failure: String?
    public var sessionRole: String
    public var principal: String
    public var reason: String?

    enum CodingKeys: String, CodingKey {
        case number
        case performedAt = "performed_at"
        case operation, projection, position, stream, failure
        case sessionRole = "session_role"
        case principal, reason
    }
}

extension LeftfoldDatabase {
    /// What the live generations, and those that are being built, leave out. Throws `Unavailable` when the database is away.
    public func skips() async throws -> [ProjectionSkip] {
        let rows: Rows
        do {
            rows = try await pool.execute(
                """
                SELECT projection, generation, position, stream, type, from_version, waiting, resuming, failure, performed_at, session_role,
                    principal::text, reason::text
                FROM \(log).skips WHERE state IN ('live', 'building') ORDER BY projection, generation, position
                """)
        } catch {
            throw error.asUnavailable
        }
        return try rows.map { row in
            ProjectionSkip(
                projection: try row[0].decode(), generation: try row[1].decode(), position: GlobalPosition(rawValue: try row[2].decode()),
                stream: try row[3].decode(), type: try row[4].decode(), fromVersion: try row[5].decode(), waiting: try row[6].decode(),
                resuming: try row[7].decode(), failure: try row[8].decode(), performedAt: try row[9].decode(),
                sessionRole: try row[10].decode(),
                principal: try row[11].decode(), reason: try row[12].decode())
        }
    }

    /// What operators did, the newest first. Throws `Unavailable` when the database is away.
    ///
    /// - Parameters:
    ///   - projection: only to this one, which may be gone.
    ///   - limit: how many at most.
    public func operations(of projection: ProjectionName? = nil, limit: Int = 50) async throws -> [ProjectionOperation] {
        let rows: Rows
        do {
            rows = try await pool.execute(
                """
                SELECT number, performed_at::timestamptz, operation, projection, position, stream, failure, session_role, principal::text, reason::text
                FROM \(log).follower_operations WHERE \(projection)::text IS NULL OR projection = \(projection)
                ORDER BY number DESC LIMIT \(Int64(limit))
                """)
        } catch {
            throw error.asUnavailable
        }
        return try rows.map { row in
            ProjectionOperation(
                number: try row[0].decode(), performedAt: try row[1].decode(), operation: try row[2].decode(),
                projection: try row[3].decode(),
                position: try row[4].decode(Int64?.self).map(GlobalPosition.init(rawValue:)), stream: try row[5].decode(),
                failure: try row[6].decode(), sessionRole: try row[7].decode(), principal: try row[8].decode(), reason: try row[9].decode())
        }
    }
}
