import Foundation
import Leftfold
public import Logging
import Synchronization

/// How logs are written. They go to standard error: standard output is for data.
public enum LogFormat: String, Sendable, CaseIterable {
    /// For people.
    case text
    /// One JSON object a line: `timestamp`, `level`, `label`, `message`, and `metadata` where there is some.
    case json
}

extension Logger {
    /// A logger that writes as the settings say.
    public init(_ label: String, _ settings: Settings) {
        self.init(label: label) { label in
            switch settings.logFormat {
            case .text: StreamLogHandler.standardError(label: label)
            case .json: JSONLogHandler(label: label) { JSONLogHandler.writeToStandardError($0) }
            }
        }
        logLevel = settings.logLevel
    }
}

/// Writes one JSON object a line.
struct JSONLogHandler: LogHandler {
    let label: String
    let write: @Sendable ([UInt8]) -> Void
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(label: String, write: @escaping @Sendable ([UInt8]) -> Void) {
        self.label = label
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
        var fields: [(name: String, value: JSONText)] = [
            ("timestamp", .string(Timestamp.text(Date()))), ("level", .string(event.level.rawValue)), ("label", .string(label)),
            ("message", .string("\(event.message)")),
        ]
        if !all.isEmpty { fields.append(("metadata", .json(Self.json(all)))) }
        write(JSONObject.inserting(fields, into: JSONObject.empty) + [UInt8(ascii: "\n")])
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

    /// Lines of several tasks must not be torn.
    private static let turn = Mutex(())

    static func writeToStandardError(_ line: [UInt8]) {
        // Where nobody reads any more, there is nobody to tell.
        turn.withLock { _ in try? FileHandle.standardError.write(contentsOf: Data(line)) }
    }
}
