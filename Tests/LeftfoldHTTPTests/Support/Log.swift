import Logging
import Synchronization

/// Everything that was logged.
final class Log: Sendable {
    private let written = Mutex<[(level: Logger.Level, text: String)]>([])

    func append(_ level: Logger.Level, _ text: String) { written.withLock { $0.append((level, text)) } }
    func lines(_ level: Logger.Level) -> [String] { written.withLock { $0.filter { $0.level == level }.map(\.text) } }
    var text: String { written.withLock { $0.map(\.text).joined(separator: "\n") } }
}

struct LogCollector: LogHandler {
    let log: Log
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    init(_ log: Log) { self.log = log }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { log.append(event.level, "\(event.message) \(event.metadata ?? [:])") }
}
