import Foundation
import Leftfold

/// Data on standard output, for people or for machines.
struct Printing {
    let json: Bool

    /// One object a line.
    func object(_ value: some Encodable, text: @autoclosure () -> String) throws {
        if json {
            line(String(decoding: try StrictJSON.encode(value), as: UTF8.self))
        } else {
            line(text())
        }
    }

    /// A line of text for people; nothing for machines.
    func note(_ text: String) { if !json { line(text) } }

    func line(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    /// A table whose columns are as wide as they need to be.
    func table(_ header: [String], _ rows: [[String]]) {
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        for row in [header] + rows {
            let cells = zip(row, widths).map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }
            var text = cells.joined(separator: "  ")
            while text.last == " " { text.removeLast() }
            line(text)
        }
    }
}

/// An event as `events` and `streams show` print it.
struct PrintedEvent: Encodable {
    let event: RecordedEvent

    enum CodingKeys: String, CodingKey {
        case position, stream, version, type, data, metadata
        case commandID = "command_id"
        case recordedAt = "recorded_at"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(event.position, forKey: .position)
        try container.encode(event.stream.rawValue, forKey: .stream)
        try container.encode(event.version, forKey: .version)
        try container.encode(event.type.name, forKey: .type)
        try container.encode(try JSONValue(event.data), forKey: .data)
        try container.encode(try JSONValue(event.metadata.json), forKey: .metadata)
        try container.encode(event.commandID, forKey: .commandID)
        try container.encode(event.recordedAt, forKey: .recordedAt)
    }

    var text: String {
        "\(event.position)  \(event.recordedAt.formatted(.iso8601))  \(event.stream)@\(event.version)  \(event.type)  "
            + String(decoding: event.data, as: UTF8.self).escapingControls
    }
}

extension String {
    /// Stored text must not be able to move the cursor of whoever looks at it.
    var escapingControls: String {
        unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }
}
