import CLibPQ

extension Connection {
    /// Runs one statement and returns its result. One round trip, also the first time.
    ///
    /// - Parameter sql: exactly one statement.
    /// - Parameter timeout: how long to wait for the answer; `nil` waits for ever.
    /// - Parameter onTimeout: what happens then, and also when the task is cancelled.
    /// - Throws: `.server` if the server refused it: nothing of it happened, unless `outcomeUnknown`. `.connectionLost`, `.timeout`,
    ///   `.cancelled`: the connection is closed; look at `outcomeUnknown`. `.encoding`, `.misuse`: nothing was sent.
    @discardableResult
    public func execute(
        _ sql: SQL, timeout: Duration? = nil, onTimeout: InterruptPolicy = .cancel
    ) async throws(PostgresError) -> Rows {
        if let problem = sql.problem { throw problem }
        try enter(timeout: timeout, policy: onTimeout)
        defer { leave() }
        let wasIdle = PQtransactionStatus(handle.pointer) == PQTRANS_IDLE
        if wasIdle, let transactionSettings { return try await runAlone(sql, transactionSettings) }
        guard statements.limit > 0 else { return try await runUnprepared(sql) }
        guard let name = statements.name(of: sql) else { return try await runFirstTime(sql, wasIdle: wasIdle) }
        do throws(PostgresError) {
            return try await runPrepared(name, sql)
        } catch  where wasIdle && error.isStalePlan && isUsable {
            // Nothing of it happened: the server found the plan out of date before it began.
            statements.forget(sql, onServer: error.sqlState != .invalidSQLStatementName)
            return try await runFirstTime(sql, wasIdle: wasIdle)
        }
    }

    /// Runs a text of any number of statements without parameters, as one transaction unless the text says otherwise.
    /// The first error ends it. Rows are thrown away. Meant for migrations.
    public func execute(script: String, timeout: Duration? = nil) async throws(PostgresError) {
        let begin =
            isInTransaction ? nil : transactionSettings.map { "SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE; \($0.text); " }
        _ = try await command((begin ?? "") + script, timeout: timeout)
    }

    /// Sends a text by the simple protocol; returns the last command tag.
    func command(
        _ text: String, timeout: Duration? = nil, policy: InterruptPolicy = .cancel, cancellable: Bool = true, commits: Bool = false
    ) async throws(PostgresError) -> String {
        guard !text.utf8.contains(0) else {
            throw PostgresError(.encoding, "a statement with a NUL character cannot be sent to Postgres")
        }
        try enter(timeout: timeout, policy: policy, cancellable: cancellable)
        defer { leave() }
        operation.commits = commits
        return try await runCommand(text)
    }

    func runCommand(_ text: String) async throws(PostgresError) -> String {
        operation.sent = true
        try sent(PQsendQuery(try pg, text))
        return try await fetch()?.command ?? ""
    }

    private func runPrepared(_ name: String, _ sql: SQL) async throws(PostgresError) -> Rows {
        operation.sent = true
        try sent(sql.withParameters { PQsendQueryPrepared(handle.pointer, name, $0.count, $0.values, $0.lengths, $0.formats, 1) })
        return try await fetchRows()
    }

    private func runUnprepared(_ sql: SQL) async throws(PostgresError) -> Rows {
        try sendUnprepared(sql)
        return try await fetchRows()
    }

    /// Sends a statement under the empty name.
    func sendUnprepared(_ sql: SQL) throws(PostgresError) {
        operation.sent = true
        try sent(
            sql.withParameters {
                PQsendQueryParams(handle.pointer, sql.text, $0.count, $0.types, $0.values, $0.lengths, $0.formats, 1)
            })
    }

    /// Prepares and runs in one round trip.
    private func runFirstTime(_ sql: SQL, wasIdle: Bool) async throws(PostgresError) -> Rows {
        try await makeRoom(wasIdle: wasIdle)
        if statements.isFull { return try await runUnprepared(sql) }
        do throws(PostgresError) {
            guard let rows = try await runPipeline([sql]).first else { throw PostgresError(.decoding, "the server sent no result") }
            return rows
        } catch {
            // It was no pipeline for the caller.
            throw PostgresError(copying: error, statementIndex: nil)
        }
    }

    /// Deallocates what was used least, when the cache is full. Not inside a transaction, where an error would abort it.
    func makeRoom(wasIdle: Bool) async throws(PostgresError) {
        guard wasIdle else { return }
        if statements.isFull { statements.evict() }
        guard statements.abandoned.count >= 8 || statements.isFull else { return }
        let names = statements.takeAbandoned()
        do throws(PostgresError) {
            _ = try await runCommand(names.map { "DEALLOCATE \($0)" }.joined(separator: ";"))
        } catch {
            // Somebody deallocated them before us; only a dead connection matters.
            if !isUsable { throw error.with(outcomeUnknown: false) }
        }
        operation.sent = false
    }

    /// Turns libpq's verdict on a send into an error.
    func sent(_ status: Int32) throws(PostgresError) {
        if status == 1 {
            operation.rowByRow = false
            return
        }
        let pg = try pg
        guard PQstatus(pg) == CONNECTION_OK else { throw lost() }
        operation.sent = false
        let message = PostgresError.lastMessage(of: pg) ?? "libpq refused the statement"
        throw PostgresError(.misuse, message)
    }

    private func fetchRows() async throws(PostgresError) -> Rows {
        guard let rows = try await fetch() else { throw lost("the server sent no result") }
        return rows
    }

    /// Reads to the end of the answer: success is only known when nothing more comes. The first error wins.
    func fetch() async throws(PostgresError) -> Rows? {
        try await flush()
        var rows: Rows?
        var failure: PostgresError?
        while true {
            while PQisBusy(try pg) == 1 { try await receive() }
            guard let result = PQgetResult(try pg) else { break }
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY, PGRES_SINGLE_TUPLE:
                rows = Rows(result)
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                PQclear(result)
                close()
                throw PostgresError(.misuse, "COPY to or from the client needs copyIn or copyOut; the connection was closed")
            default:
                failure = failure ?? note(failed: result)
                PQclear(result)
            }
        }
        if let pg = handle.pointer { collectNotifications(pg) }
        try conclude(failure)
        return rows
    }

    /// Reads an error result; remembers one that ends the session.
    func note(failed result: OpaquePointer) -> PostgresError {
        let error = PostgresError(result: result)
        if error.kind == .connectionLost, error.sqlState != nil { operation.farewell = error }
        return error
    }
}

extension PostgresError {
    /// Whether preparing again may help: the statement is unknown, or its plan no longer fits the tables.
    var isStalePlan: Bool { sqlState == .invalidSQLStatementName || sqlState == .featureNotSupported }

    init(copying error: PostgresError, statementIndex: Int?) {
        self.init(
            error.kind, error.message, sqlState: error.sqlState, fields: error.fields, statementIndex: statementIndex,
            outcomeUnknown: error.outcomeUnknown)
    }
}
