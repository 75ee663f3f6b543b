import Foundation
public import Leftfold
package import LeftfoldDriver

extension RecordedEvent {
    static let columns = "position, stream, version, type, data, metadata, command_id, recorded_at"

    package static func page(after position: GlobalPosition, limit: Int) -> SQL {
        """
        SELECT \(unsafe: columns) FROM leftfold.events
        WHERE position > \(position.rawValue) ORDER BY position LIMIT \(Int64(limit))
        """
    }

    init(_ row: Row) throws {
        let (position, stream, version, type, data, metadata, commandID, recordedAt) = try row.decode(
            Int64.self, String.self, Int64.self, String.self, JSONBytes.self, JSONBytes.self, UUID.self, Date.self)
        guard let name = StreamName(rawValue: stream) else {
            throw BrokenLog(expected: "a stream name", found: GlobalPosition(rawValue: position))
        }
        self.init(
            position: GlobalPosition(rawValue: position), stream: name, version: StreamVersion(rawValue: version),
            type: EventType(type), data: data.bytes, metadata: EventMetadata(json: metadata.bytes), commandID: commandID,
            recordedAt: recordedAt)
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
