import CLibPQ
public import Logging

// A session, by the chapters of libpq's manual. Each file has the calls of its chapter and no others:
//
//   Connection Control          ConnectionHandle        open, finish
//   Connection Status           Connection              usable, idle, inside a transaction
//   Command Execution           Connection+Execute      one statement; what a result means
//   Asynchronous Processing     Connection+Waiting      flush, consume input, wait for the socket
//   Pipeline Mode               Connection+Pipeline     many statements, one round trip, one transaction
//   Retrieving in Chunks        Connection+Stream       rows one by one
//   Canceling Queries           Connection+Trouble      deadlines, cancellation, lost connections
//   Asynchronous Notification   Connection+Waiting      collected whenever input is consumed
//   COPY                        Connection+Copy         in both directions
//   Notice Processing           Notices                 warnings, farewells
//
// `Operation` is what these share about the statement under way; `enter`, `leave` and `conclude`, below, begin and end it.

/// What to do with a statement whose deadline passed or whose task was cancelled. The connection is closed either way: a cancel request
/// that arrives late would hit the next statement.
public enum InterruptPolicy: Sendable {
    /// Ask the server to cancel, wait for its answer (at most 3 s), close. If the statement was faster, its result is returned.
    case cancel
    /// Close at once without a cancel request. The server may still finish and commit: `outcomeUnknown` is true.
    case abandon

    /// How long the answer to a cancel request is waited for.
    static let grace: Duration = .seconds(3)
}

/// One session with a server.
///
/// It serves one statement at a time; a second one at the same time throws `.misuse` and disturbs nothing. Statements are prepared once and
/// kept. libpq never blocks here: when it would, the task waits in the poller.
public actor Connection {
    /// When its opening was over.
    public nonisolated let openedAt = ContinuousClock.now
    let handle: ConnectionHandle
    let notices: Notices
    var statements: StatementCache
    var operation = Operation(number: 0)
    var busy = false
    var inManagedTransaction = false
    var brief = BriefWait()
    var notifications: [Notification] = []
    var waitToken: UInt64?
    /// Where it is noted if nothing came from the server within a deadline.
    let silence: SilenceRecord
    private let answerTimeout: Duration?
    /// What each transaction begins with, because another session may have the next one.
    let transactionSettings: TransactionSettings?

    private init(_ handle: ConnectionHandle, _ notices: Notices, _ configuration: ConnectionConfiguration) {
        self.handle = handle
        self.notices = notices
        transactionSettings = configuration.transactionSettings
        statements = StatementCache(limit: transactionSettings == nil ? configuration.preparedStatementLimit : 0)
        answerTimeout = configuration.answerTimeout
        silence = configuration.silence
    }

    /// Opens a session. Blocks a thread of its own, never one of Swift's.
    ///
    /// Tries the hosts of the string in their order, each for at most `connectTimeout`. Throws `.connectionFailed`; its `sqlState` is set when
    /// the server refused with a message we know, and `.timeout` or `.cancelled` if that came first.
    public static func connect(
        _ configuration: ConnectionConfiguration, logger: Logger = Logger(label: "leftfold.postgres")
    ) async throws(PostgresError) -> Connection {
        try await connect(configuration, logger: logger, until: nil)
    }

    static func connect(
        _ configuration: ConnectionConfiguration, logger: Logger, until deadline: ContinuousClock.Instant?
    ) async throws(PostgresError) -> Connection {
        let notices = Notices(logger)
        let attempt = await Thread.value(until: deadline, cancellable: true) { ConnectionHandle.open(configuration, notices) }
        switch attempt {
        case .success(.success(let handle)):
            return Connection(handle, notices, configuration)
        case .success(.failure(let error)): throw error
        case .failure(.timedOut): throw PostgresError(.timeout, "connecting took too long")
        case .failure(.cancelled): throw PostgresError(.cancelled, "the task was cancelled while connecting")
        }
    }

    /// Ends the session at once. Whoever waits for an answer gets `.connectionLost`.
    public func close() {
        handle.close()
        if let waitToken { Poller.shared.wake(waitToken) }
    }

    /// Whether the session can take another statement. False for ever after a failure of the connection, a timeout or a cancellation.
    public var isUsable: Bool {
        guard let pg = handle.pointer else { return false }
        return PQstatus(pg) == CONNECTION_OK && operation.interruption == nil
    }

    /// Whether the session is usable, does nothing and is not inside a transaction.
    var isIdle: Bool { isUsable && !busy && PQtransactionStatus(handle.pointer) == PQTRANS_IDLE }

    /// Whether the session is inside a transaction, be it sound or aborted.
    public var isInTransaction: Bool {
        let status = PQtransactionStatus(handle.pointer)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    /// The server's version as libpq counts: 150018 is 15.18. 0 after `close`.
    public var serverVersion: Int { handle.pointer.map { Int(PQserverVersion($0)) } ?? 0 }

    /// The process id of the server's backend for this session; 0 after `close`.
    public var backendProcessID: Int32 { handle.pointer.map { PQbackendPID($0) } ?? 0 }

    /// What the server reported for one of its settings, for example `server_version` or `in_hot_standby`.
    public func parameterStatus(_ name: String) -> String? {
        handle.pointer.flatMap { PQparameterStatus($0, name) }.map { String(cString: $0) }
    }

    /// Looks, without waiting, whether the server hung up while the session was idle.
    func checkIdle() -> Bool {
        guard isIdle, let pg = handle.pointer else { return false }
        for _ in 0..<4 {
            guard Readiness.poll(PQsocket(pg), .read, microseconds: 0).contains(.read) else { break }
            guard PQconsumeInput(pg) == 1 else { return false }
            collectNotifications(pg)
        }
        return isIdle && notices.farewell == nil
    }

    // MARK: One operation at a time

    /// Claims the connection for one operation.
    ///
    /// - Parameter isTransfer: it may take as long as it does, unless there is a timeout.
    func enter(
        timeout: Duration?, policy: InterruptPolicy, cancellable: Bool = true, isTransfer: Bool = false
    ) throws(PostgresError) {
        guard !busy else {
            throw PostgresError(.misuse, "the connection is busy: it serves one statement at a time; lend another one from the pool")
        }
        guard isUsable else {
            throw PostgresError(.connectionLost, "the connection is closed", sqlState: notices.farewell?.sqlState)
        }
        if cancellable, Task.isCancelled { throw PostgresError(.cancelled, "the task was cancelled before the statement was sent") }
        busy = true
        let timeout = timeout ?? (isTransfer ? nil : answerTimeout)
        let start = timeout.map { _ in ContinuousClock.now }
        operation = Operation(
            number: operation.number + 1, start: start, deadline: timeout.flatMap { timeout in start.map { $0 + timeout } }, policy: policy,
            cancellable: cancellable, rowByRow: operation.rowByRow)
    }

    /// Gives the connection back.
    func leave() { busy = false }

    /// Decides what the end of an operation means.
    func conclude(_ failure: PostgresError?) throws(PostgresError) {
        if let interruption = operation.interruption {
            close()
            if let failure, failure.sqlState == .queryCanceled { throw interrupted(interruption, outcomeUnknown: false) }
        }
        if let failure {
            guard failure.kind == .connectionLost else { throw failure }
            close()
            throw failure.with(outcomeUnknown: mayHaveCommitted)
        }
        if let warning = notices.takeDurabilityWarning() {
            throw PostgresError(.server(SQLState("01000")), warning, outcomeUnknown: true)
        }
    }

    /// Whether the server may have committed something we have no answer for.
    var mayHaveCommitted: Bool { operation.sent && (!inManagedTransaction || operation.commits) }
}
