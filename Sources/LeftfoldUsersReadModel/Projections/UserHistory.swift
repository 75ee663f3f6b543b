import Foundation
public import Leftfold
import LeftfoldDriver
public import LeftfoldPostgres
import LeftfoldUsers

/// One row a change, for as long as the log lives.
public struct UserHistory: Projection {
    public static let name: ProjectionName = "user_history"

    public let tables = ["user_history"]
    public let script = String(decoding: PackageResources.user_history_sql, as: UTF8.self)
    public let categories: Set<StreamCategory> = [User.category]

    public init() {}

    public func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
        guard let id = event.stream.uuid else { throw NotAUserStream(stream: event.stream) }
        guard User.Event.types.contains(event.type) else {
            throw EventCodingError.unknownType(event.type, stream: event.stream, position: event.position)
        }
        batch.execute(
            """
            INSERT INTO user_history (user_id, version, position, recorded_at, command_id, type, data, principal)
            VALUES (\(id), \(event.version.rawValue), \(event.position.rawValue), \(event.recordedAt), \(event.commandID),
                \(event.type.name), \(JSONBytes(event.data)), \(JSONBytes(event.metadata.json))::json ->> 'principal')
            """)
    }
}
