import CLibPQ
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Owns a `PGconn` and finishes it.
///
/// `@unchecked Sendable`: it has one user at a time: the connecting thread until `open` returns, then the one actor that holds it. `deinit`
/// runs when nobody else has it.
final class ConnectionHandle: @unchecked Sendable {
    private(set) var pointer: OpaquePointer?
    /// libpq's notice receiver points at it, so it must live as long as the pointer.
    private let notices: Notices

    private init(_ pointer: OpaquePointer, _ notices: Notices) {
        self.pointer = pointer
        self.notices = notices
    }

    deinit { close() }

    /// Sends a farewell, if the socket takes it at once, and closes.
    func close() {
        PQfinish(pointer)
        pointer = nil
    }

    /// A broken pipe is an error of the call, not the end of the process.
    private static let pipeSignalIgnored: Void = { signal(SIGPIPE, SIG_IGN) }()

    /// Connects; blocks.
    static func open(_ configuration: ConnectionConfiguration, _ notices: Notices) -> Result<ConnectionHandle, PostgresError> {
        pipeSignalIgnored
        let parameters = configuration.libpqParameters
        let connection = withCStrings(parameters.map(\.keyword)) { keywords in
            withCStrings(parameters.map(\.value)) { values in PQconnectdbParams(keywords, values, 0) }
        }
        guard let connection else { return .failure(PostgresError(.connectionFailed, "libpq is out of memory")) }
        let handle = ConnectionHandle(connection, notices)
        guard PQstatus(connection) == CONNECTION_OK else {
            let message = PostgresError.lastMessage(of: connection) ?? "connecting failed"
            return .failure(PostgresError(.connectionFailed, message, sqlState: sqlState(ofRefusal: message)))
        }
        notices.receive(from: connection)
        PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
        guard PQsetnonblocking(connection, 1) == 0 else {
            return .failure(PostgresError(.connectionFailed, "the connection cannot be made non-blocking"))
        }
        return .success(handle)
    }

    /// The `options` that libpq would send for these parameters: its own, when there are some in `PGOPTIONS` or in a service file. Nothing is
    /// connected.
    static func options(of parameters: [String: String]) -> String? {
        var parameters = parameters
        // libpq looks everything up before it refuses what this parameter says, which is before it opens a socket.
        parameters["target_session_attrs"] = "none of those"
        let pairs = parameters.map { ($0.key, $0.value) }
        let connection = withCStrings(pairs.map(\.0)) { keywords in
            withCStrings(pairs.map(\.1)) { values in PQconnectStartParams(keywords, values, 0) }
        }
        guard let connection else { return nil }
        defer { PQfinish(connection) }
        guard let all = PQconninfo(connection) else { return nil }
        defer { PQconninfoFree(all) }
        var option = all
        while let keyword = option.pointee.keyword {
            if strcmp(keyword, "options") == 0 { return option.pointee.val.map { String(cString: $0) } }
            option += 1
        }
        return nil
    }

    /// libpq tells no SQLSTATE for a refused connection, only the server's text. We know the English ones; `nil` for other languages.
    private static func sqlState(ofRefusal message: String) -> SQLState? {
        let known: [(String, SQLState)] = [
            ("password authentication failed", .invalidPassword),
            ("no pg_hba.conf entry", .invalidAuthorizationSpecification),
            ("the database system is", .cannotConnectNow),
            ("too many clients", .tooManyConnections),
            ("too many connections", .tooManyConnections),
            ("remaining connection slots", .tooManyConnections),
            ("terminating connection due to administrator command", .adminShutdown),
        ]
        if let match = known.first(where: { message.contains($0.0) }) { return match.1 }
        guard message.contains("does not exist"), message.contains("FATAL") else { return nil }
        if message.contains("database \"") { return .invalidCatalogName }
        return message.contains("role \"") ? .invalidAuthorizationSpecification : nil
    }

    /// A null-terminated array of C strings.
    private static func withCStrings<R>(_ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R) -> R {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { UnsafePointer<CChar>($0) } + [nil]
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}

/// Asks the server to cancel what a session does.
///
/// `@unchecked Sendable`: libpq's `PGcancel` is a copy of the address and key, made to be used from any thread; we use it from one.
final class CancelRequest: @unchecked Sendable {
    private let request: OpaquePointer

    init?(_ connection: OpaquePointer) {
        guard let request = PQgetCancel(connection) else { return nil }
        self.request = request
    }

    deinit { PQfreeCancel(request) }

    /// Connects, sends, waits until the server hangs up; blocks. True if the request was handed over.
    func send() -> Bool {
        var message = [CChar](repeating: 0, count: 256)
        return PQcancel(request, &message, Int32(message.count)) == 1
    }
}
