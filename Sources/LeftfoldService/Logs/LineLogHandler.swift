import Foundation
import Leftfold
import Logging

/// What is known of one thing that was logged.
struct LogEntry {
    let time: Date
    let label: String
    let event: LogEvent
    /// Everything, the error included.
    let metadata: Logger.Metadata
}

/// One form of a line.
protocol LogLine {
    init(_ entry: LogEntry)
    /// With the line end.
    var bytes: [UInt8] { get }
}

/// Writes one line for each thing that is logged.
struct LineLogHandler: LogHandler {
    let label: String
    let form: @Sendable (LogEntry) -> any LogLine
    let write: @Sendable ([UInt8]) -> Void
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(label: String, form: @escaping @Sendable (LogEntry) -> any LogLine, write: @escaping @Sendable ([UInt8]) -> Void) {
        self.label = label
        self.form = form
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let metadataProvider { all.merge(metadataProvider.get()) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        write(form(LogEntry(time: Date(), label: label, event: event, metadata: all)).bytes)
    }
}

/// For people: `2026-11-25T23:37:44.123Z info users: port=8080 [LeftfoldService] listening`. What is logged may come from strangers,
/// so it can neither break the line nor move the cursor.
struct TextLogLine: LogLine {
    let bytes: [UInt8]

    init(_ entry: LogEntry) {
        let metadata = entry.metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let text = "\(entry.event.level) \(entry.label):\(metadata) [\(entry.event.source)] \(entry.event.message)"
        bytes = Array("\(Timestamp.text(entry.time)) \(text.escapingControls)\n".utf8)
    }
}

/// For machines: one object a line.
struct JSONLogLine: LogLine {
    let bytes: [UInt8]

    init(_ entry: LogEntry) {
        var fields: [(name: String, value: JSONText)] = [
            ("timestamp", .string(Timestamp.text(entry.time))), ("level", .string(entry.event.level.rawValue)),
            ("label", .string(entry.label)), ("message", .string("\(entry.event.message)")),
        ]
        if !entry.metadata.isEmpty { fields.append(("metadata", .json(Self.json(entry.metadata)))) }
        bytes = JSONObject.inserting(fields, into: JSONObject.empty) + [UInt8(ascii: "\n")]
    }

    private static func json(_ metadata: Logger.Metadata) -> [UInt8] {
        let fields = metadata.sorted { $0.key < $1.key }.map { (name: $0.key, value: text($0.value)) }
        return JSONObject.inserting(fields, into: JSONObject.empty)
    }

    private static func text(_ value: Logger.Metadata.Value) -> JSONText {
        switch value {
        case .string(let text): return .string(text)
        case .stringConvertible(let value): return .string("\(value)")
        case .dictionary(let dictionary): return .json(json(dictionary))
        case .array(let values):
            var bytes = [UInt8(ascii: "[")]
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                text(value).append(to: &bytes)
            }
            return .json(bytes + [UInt8(ascii: "]")])
        }
    }
}
