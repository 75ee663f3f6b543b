import CLibPQ
import Logging
import Synchronization

/// Receives what the server says besides its answers, instead of libpq's printing to stderr.
final class Notices: Sendable {
    private let logger: Logger
    private let durability = Mutex<String?>(nil)
    private let lastFatal = Mutex<PostgresError?>(nil)

    init(_ logger: Logger) { self.logger = logger }

    /// Directs the notices of a connection here. The connection keeps this object alive longer than the `PGconn`.
    func receive(from connection: OpaquePointer) {
        PQsetNoticeReceiver(
            connection,
            { context, result in
                guard let context, let result else { return }
                Unmanaged<Notices>.fromOpaque(context).takeUnretainedValue().handle(result)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// The warning that the commit waited for a standby in vain, if it came since the last call.
    func takeDurabilityWarning() -> String? { durability.withLock { $0.take() } }

    /// The server's farewell to an idle session, if it sent one.
    var farewell: PostgresError? { lastFatal.withLock { $0 } }

    private func handle(_ result: OpaquePointer) {
        let notice = PostgresError(result: result)
        // Known by the server's function name, because the text depends on the server's language.
        if resultField(result, "R") == "SyncRepWaitForLSN" { durability.withLock { $0 = notice.message } }
        let level: Logger.Level
        switch notice.severity {
        case "FATAL", "PANIC", "ERROR":
            lastFatal.withLock { $0 = notice }
            level = .warning
        case "WARNING": level = .warning
        case "NOTICE", "INFO": level = .info
        default: level = .debug
        }
        logger.log(level: level, "\(notice.message)", metadata: ["sqlstate": "\(notice.sqlState?.rawValue ?? "-")"])
    }
}

/// One field of an error or notice, by the letter the protocol gives it.
func resultField(_ result: OpaquePointer?, _ letter: Unicode.Scalar) -> String? {
    PQresultErrorField(result, Int32(letter.value)).map { String(cString: $0) }
}

extension PostgresError {
    /// Copies an error result's fields. The caller still owns the result.
    init(result: OpaquePointer) {
        let fields = Fields(
            severity: resultField(result, "V") ?? resultField(result, "S"), detail: resultField(result, "D"),
            hint: resultField(result, "H"),
            context: resultField(result, "W"), schema: resultField(result, "s"), table: resultField(result, "t"),
            column: resultField(result, "c"), constraint: resultField(result, "n"))
        let code = resultField(result, "C").map { SQLState(rawValue: $0) }
        let message = resultField(result, "M") ?? PQresultErrorMessage(result).map { String(cString: $0).trimmed } ?? "unknown error"
        // An error without a code was made by libpq itself: the connection broke.
        let fatal = fields.severity == "FATAL" || fields.severity == "PANIC"
        guard let code, !fatal else {
            self.init(.connectionLost, message, sqlState: code, fields: fields)
            return
        }
        self.init(.server(code), message, sqlState: code, fields: fields)
    }
}

extension String {
    /// Without white space at the ends and with line ends as spaces; libpq ends its messages with one.
    var trimmed: String {
        split(whereSeparator: \.isNewline).map { line in
            String(line.drop(while: \.isWhitespace))
        }.joined(separator: " ")
    }
}
