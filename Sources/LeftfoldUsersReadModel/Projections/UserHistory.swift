import Foundation
public import Leftfold
import LeftfoldDriver
public import LeftfoldPostgres
import LeftfoldUsers

/// One row a change, for as long as the log lives.
public struct UserHistory: StatementProjection {
    public static let name: ProjectionName = "user_history"
    public let version = 1
    public let sources: EventSources = .all(of: User.self)
    public let tables = ["user_history"]
    public let script = String(decoding: PackageResources.user_history_sql, as: UTF8.self)

    public init() {}

    public func touches(_ event: RecordedEvent) -> Dependencies { event.stream.uuid.map { [.user($0)] } ?? .everything }

    public func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
        guard let id = event.stream.uuid else { throw NotAUserStream(stream: event.stream) }
        // What is kept is what was recorded; but only of what can be read, and says something.
        guard !(try event.decode(as: User.self)).isEmpty else { return }
        batch.execute(
            """
            INSERT INTO user_history (user_id, version, position, recorded_at, command_id, type, data, principal)
            VALUES (\(id), \(event.version.rawValue), \(event.position.rawValue), \(event.recordedAt), \(event.commandID),
                \(event.type.rawValue), \(JSONBytes(event.data)), \(event.principal))
            """)
    }
}
