import Foundation
import Leftfold
import LeftfoldService

/// An event as `events` and `streams show` print it.
struct PrintedEvent {
    let event: RecordedEvent

    /// For people.
    var text: String {
        "\(event.position)  \(event.recordedAt.formatted(.iso8601))  \(event.stream)@\(event.version)  \(event.type)  "
            + String(decoding: event.data, as: UTF8.self).escapingControls
    }

    /// For machines. The data is what is stored, byte by byte.
    var json: [UInt8] {
        var fields: [(name: String, value: JSONText)] = [
            ("position", .integer(event.position.rawValue)), ("stream", .string(event.stream.rawValue)),
            ("version", .integer(event.version.rawValue)), ("type", .string(event.type.rawValue)), ("data", .json(event.data.onOneLine)),
            ("principal", .string(event.principal)), ("correlation_id", .string(event.correlationID)),
            ("command_id", .string(event.commandID.text)), ("recorded_at", .string(Timestamp.text(event.recordedAt))),
        ]
        if !event.tags.isEmpty {
            var tags = [UInt8(ascii: "[")]
            for (index, tag) in event.tags.map(\.rawValue).sorted().enumerated() {
                if index > 0 { tags.append(UInt8(ascii: ",")) }
                JSONText.string(tag).append(to: &tags)
            }
            fields.append(("tags", .json(tags + [UInt8(ascii: "]")])))
        }
        if let metadata = event.metadata { fields.append(("metadata", .json(metadata.json.onOneLine))) }
        return JSONObject.inserting(fields, into: JSONObject.empty)
    }
}

extension [UInt8] {
    /// JSON that somebody wrote by hand may go over lines; within its texts it cannot.
    fileprivate var onOneLine: [UInt8] { map { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") ? UInt8(ascii: " ") : $0 } }
}
