public import Logging
import Synchronization

/// Lends connections to tasks, each to one task at a time, first come, first served.
///
/// Connections are opened when needed, at most `size`. One that comes back broken, busy or inside a transaction is closed, not lent again. One
/// whose server hung up while it was idle is noticed before it is lent, and replaced; when any connection of the same configuration, or of a copy, got
/// no answer at all within its timeout, those that were idle all the while are closed. While the server cannot be reached, callers fail at once
/// with the last error instead of all knocking, and one attempt at a time finds out when it is back.
public final class Pool: Sendable {
    private let configuration: ConnectionConfiguration
    private let acquireTimeout: Duration
    private let idleTimeout: Duration
    private let logger: Logger
    private let onConnect: @Sendable (Connection) async throws(PostgresError) -> Void
    let state: Mutex<PoolState<Connection>>
    private let drained = Mutex<[UInt64]>([])

    /// A pool; nothing is opened yet.
    ///
    /// - Parameter configuration: of every connection.
    /// - Parameter size: how many connections there are at most.
    /// - Parameter acquireTimeout: how long a caller waits for a connection, opening included, before `.poolExhausted`.
    /// - Parameter idleTimeout: connections idle for longer are closed when the next one is lent.
    /// - Parameter logger: of the connections.
    /// - Parameter onConnect: what is done with each new connection before it is lent. What it throws, the opening has failed with.
    public init(
        _ configuration: ConnectionConfiguration, size: Int = 10, acquireTimeout: Duration = .seconds(5),
        idleTimeout: Duration = .seconds(600),
        logger: Logger = Logger(label: "leftfold.postgres.pool"),
        onConnect: @escaping @Sendable (Connection) async throws(PostgresError) -> Void = { _ throws(PostgresError) in }
    ) {
        self.configuration = configuration
        self.acquireTimeout = acquireTimeout
        self.idleTimeout = idleTimeout
        self.logger = logger
        self.onConnect = onConnect
        state = Mutex(PoolState(size: max(1, size)))
    }

    /// Lends a connection for the duration of the closure, which runs where the caller runs. The closure must not keep it.
    ///
    /// Throws `.poolExhausted`, `.poolClosed`, `.cancelled` or `.connectionFailed` if there is none to lend, otherwise what the closure throws.
    @discardableResult
    public func withConnection<T>(_ body: (Connection) async throws -> T) async throws -> T {
        let connection = try await acquire()
        let value: T
        do {
            value = try await body(connection)
        } catch {
            await release(connection)
            throw error
        }
        await release(connection)
        return value
    }

    /// Runs a closure inside a transaction on a lent connection; see ``Connection/transaction(isolation:readOnly:_:)``.
    @discardableResult
    public func withTransaction<T>(
        isolation: TransactionIsolation = .readCommitted, readOnly: Bool = false, _ body: (Connection) async throws -> T
    ) async throws -> T {
        try await withConnection { connection in
            try await connection.transaction(isolation: isolation, readOnly: readOnly, body)
        }
    }

    /// Runs one statement on a lent connection. If the connection turns out to be dead before anything was sent, it is tried once more on
    /// another one.
    @discardableResult
    public func execute(
        _ sql: SQL, timeout: Duration? = nil, onTimeout: InterruptPolicy = .cancel
    ) async throws(PostgresError) -> Rows {
        do throws(PostgresError) {
            return try await executeOnce(sql, timeout, onTimeout)
        } catch  where error.kind == .connectionLost && !error.outcomeUnknown {
            return try await executeOnce(sql, timeout, onTimeout)
        }
    }

    private func executeOnce(
        _ sql: SQL, _ timeout: Duration?, _ onTimeout: InterruptPolicy
    ) async throws(PostgresError) -> Rows {
        let connection = try await acquire()
        let rows: Rows
        do throws(PostgresError) {
            rows = try await connection.execute(sql, timeout: timeout, onTimeout: onTimeout)
        } catch {
            await release(connection)
            throw error
        }
        await release(connection)
        return rows
    }

    /// Closes the pool: callers in line fail with `.poolClosed`, idle connections are closed now, lent ones when they come back. Returns when
    /// all are back, or after the grace. May be called more than once.
    public func shutdown(grace: Duration = .seconds(10)) async {
        let (woken, idle) = state.withLock { $0.shutdown() }
        for waiter in woken { Poller.shared.wake(waiter) }
        for connection in idle { await connection.close() }
        let token = Poller.shared.newToken()
        drained.withLock { $0.append(token) }
        _ = await Poller.shared.park(token, until: .now + grace, cancellable: false) { isDrained }
    }

    /// Lends no connection any more that was opened before. Those that are idle are closed now, those that are lent when they come back.
    public func retire(openedBefore limit: ContinuousClock.Instant) async {
        let retired = state.withLock { state in state.retire(openedBefore: limit) { $0.openedAt } }
        for connection in retired { await connection.close() }
    }

    var isClosed: Bool { state.withLock { $0.closed } }

    private var isDrained: Bool { state.withLock { $0.lent == 0 && $0.opening == 0 } }

    // MARK: Lending

    private func acquire() async throws(PostgresError) -> Connection {
        let deadline = ContinuousClock.now + acquireTimeout
        while true {
            let waiter = Poller.shared.newToken()
            let (answer, old) = state.withLock { state in
                let now = ContinuousClock.now
                let old = state.takeIdle(before: max(now - idleTimeout, configuration.silence.since ?? now - idleTimeout))
                return (state.acquire(waiter, now: now), old)
            }
            for connection in old { await connection.close() }
            let grant: PoolState<Connection>.Grant
            switch answer {
            case .granted(let granted): grant = granted
            case .wait: grant = try await waitInLine(waiter, until: deadline)
            }
            switch grant {
            case .failure(let error): throw error
            case .open: return try await open(until: deadline)
            case .resource(let connection):
                if await connection.checkIdle(), !state.withLock({ $0.isRetired(connection.openedAt) }) { return connection }
                await connection.close()
                wake(state.withLock { $0.discard(now: .now) })
            }
        }
    }

    private func waitInLine(_ waiter: UInt64, until deadline: ContinuousClock.Instant) async throws(PostgresError)
        -> PoolState<Connection>.Grant
    {
        let outcome = await Poller.shared.park(waiter, until: deadline) { state.withLock { $0.hasGrant(waiter) } }
        let grant = state.withLock { $0.leave(waiter) ? nil : $0.take(waiter) }
        if let grant { return grant }
        if outcome == .cancelled { throw PostgresError(.cancelled, "the task was cancelled while waiting for a connection") }
        throw PostgresError(.poolExhausted, "no connection became free within \(acquireTimeout)")
    }

    private func open(until deadline: ContinuousClock.Instant) async throws(PostgresError) -> Connection {
        do throws(PostgresError) {
            let connection = try await Connection.connect(configuration, logger: logger, until: deadline)
            do throws(PostgresError) {
                try await onConnect(connection)
            } catch {
                await connection.close()
                throw error
            }
            wake(state.withLock { $0.opened(now: .now) })
            return connection
        } catch {
            if error.kind == .cancelled {
                wake(state.withLock { $0.openAbandoned(now: .now) })
            } else {
                logger.warning("connecting failed", metadata: ["error": "\(error)"])
                wake(state.withLock { $0.openFailed(error, now: .now) })
            }
            throw error
        }
    }

    private func release(_ connection: Connection) async {
        if await connection.isIdle, !state.withLock({ $0.isRetired(connection.openedAt) }) {
            let (woken, keep) = state.withLock { $0.release(connection, now: .now) }
            if !keep { await connection.close() }
            wake(woken)
        } else {
            await connection.close()
            wake(state.withLock { $0.discard(now: .now) })
        }
    }

    private func wake(_ waiters: [UInt64]) {
        for waiter in waiters { Poller.shared.wake(waiter) }
        guard state.withLock({ $0.closed }), isDrained else { return }
        for token in drained.withLock({ $0 }) { Poller.shared.wake(token) }
    }
}
