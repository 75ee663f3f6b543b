import Foundation
package import Leftfold
package import LeftfoldDriver

extension RecordedEvent {
    static let columns: SQL = "position, stream, version, type, data, tags, correlation_id, command_id, principal, metadata, recorded_at"

    package static func page(after position: GlobalPosition, limit: Int, in log: LogName) -> SQL {
        "SELECT \(fragment: columns) FROM \(log).events WHERE position > \(position) ORDER BY position LIMIT \(Int64(limit))"
    }

    /// Column by column, by concrete types: the log is read by the million, and what is generic over the columns costs as
    /// much again in every row.
    init(_ row: Row) throws {
        let (tags, metadata) = (try row[5], try row[9])
        let stream = try String.decode(from: row[1])
        guard let name = StreamName(rawValue: stream) else {
            throw BrokenLog(expected: "a stream name, not “\(stream)”", found: GlobalPosition(rawValue: try Int64.decode(from: row[0])))
        }
        self.init(
            position: GlobalPosition(rawValue: try Int64.decode(from: row[0])), stream: name,
            version: StreamVersion(rawValue: try Int64.decode(from: row[2])), type: EventType(try String.decode(from: row[3])),
            data: try JSONBytes.decode(from: row[4]).bytes, tags: tags.isNull ? [] : Set(try [Tag].decode(from: tags)),
            correlationID: try String.decode(from: row[6]), commandID: try UUID.decode(from: row[7]),
            principal: try String.decode(from: row[8]),
            metadata: metadata.isNull ? nil : try EventMetadata(json: try JSONBytes.decode(from: metadata).bytes),
            recordedAt: try Date.decode(from: row[10]))
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
