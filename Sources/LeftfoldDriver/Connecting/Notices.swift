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
        if PostgresError.field("R", of: result) == "SyncRepWaitForLSN" { durability.withLock { $0 = notice.message } }
        let level: Logger.Level
        switch notice.severity {
        case "FATAL", "PANIC", "ERROR":
            lastFatal.withLock { $0 = notice }
            // The server was told to end sessions that have nothing to do; there will be another one when there is.
            level = notice.sqlState == .idleSessionTimeout ? .debug : .warning
        case "WARNING": level = .warning
        case "NOTICE", "INFO": level = .info
        default: level = .debug
        }
        logger.log(level: level, "\(notice.message)", metadata: ["sqlstate": "\(notice.sqlState?.rawValue ?? "-")"])
    }
}
