public import Foundation
public import Leftfold
public import LeftfoldDriver
public import LeftfoldPostgres

/// Every change of one user, oldest first.
public struct GetUserHistory: PostgresQuery {
    public static let permission: Permission = "users:read_history"
    public static let reads = [UserHistory.name]
    /// Changes of one user beyond this are not shown.
    public static let maximumLength = 10_000

    public struct Answer: Codable, Sendable, Equatable {
        public var id: UUID
        public var changes: [Change]
    }

    public struct Change: Codable, Sendable, Equatable {
        public var version: Int64
        public var position: Int64
        public var type: String
        /// What the event says: `email`, `name`, `reason`, where it says it.
        public var data: [String: String?]
        public var recordedAt: Date
        public var commandID: UUID
        public var principal: String?

        enum CodingKeys: String, CodingKey {
            case version, position, type, data, principal
            case recordedAt = "recorded_at"
            case commandID = "command_id"
        }
    }

    public let id: UUID

    public init(id: UUID) { self.id = id }

    public var statement: SQL {
        """
        SELECT version, position, type, data, recorded_at, command_id, principal
        FROM user_history WHERE user_id = \(id) ORDER BY version LIMIT \(Int64(Self.maximumLength))
        """
    }

    public func answer(_ rows: Rows) throws -> Answer {
        guard !rows.isEmpty else { throw NotFound(code: "user_not_found", "There is no user with this id.") }
        let decoder = JSONDecoder()
        return Answer(
            id: id,
            changes: try rows.map { row in
                let (version, position, type, data, recordedAt, commandID, principal) = try row.decode(
                    Int64.self, Int64.self, String.self, JSONBytes.self, Date.self, UUID.self, String?.self)
                return Change(
                    version: version, position: position, type: type,
                    data: try decoder.decode([String: String?].self, from: Data(data.bytes)), recordedAt: recordedAt,
                    commandID: commandID, principal: principal)
            })
    }
}
