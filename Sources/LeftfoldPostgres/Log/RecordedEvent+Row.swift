import Foundation
package import Leftfold
package import LeftfoldDriver

extension RecordedEvent {
    static let columns: SQL = "position, stream, version, type, data, tags, correlation_id, command_id, principal, metadata, recorded_at"

    package static func page(after position: GlobalPosition, limit: Int, in log: LogName) -> SQL {
        "SELECT \(fragment: columns) FROM \(log).events WHERE position > \(position) ORDER BY position LIMIT \(Int64(limit))"
    }

    init(_ row: Row) throws {
        let (position, stream, version, type, data, tags, correlationID, commandID, principal, metadata, recordedAt) = try row.decode(
            GlobalPosition.self, StreamName.self, StreamVersion.self, EventType.self, JSONBytes.self, [Tag]?.self, String.self, UUID.self,
            String.self, JSONBytes?.self, Date.self)
        self.init(
            position: position, stream: stream, version: version, type: type, data: data.bytes, tags: Set(tags ?? []),
            correlationID: correlationID, commandID: commandID, principal: principal,
            metadata: try metadata.map { try EventMetadata(json: $0.bytes) }, recordedAt: recordedAt)
    }

    /// The rows as events. A hole is corruption: it stops the reader (I4).
    package static func contiguous(_ rows: Rows, after position: GlobalPosition) throws -> [RecordedEvent] {
        var previous = position
        return try rows.map { row in
            let event = try RecordedEvent(row)
            guard event.position == previous.next else {
                throw BrokenLog(expected: "position \(previous.next)", found: event.position)
            }
            previous = event.position
            return event
        }
    }
}
