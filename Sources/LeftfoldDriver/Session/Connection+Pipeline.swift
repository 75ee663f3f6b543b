import CLibPQ

extension Connection {
    /// Runs many statements in one round trip and **one transaction**: all of them happen or none.
    ///
    /// Returns after the server confirmed the end of the batch, which is after the commit. If a statement fails, its error is thrown with
    /// `statementIndex`, the server skips the rest and undoes the batch, and the connection stays usable. Inside an explicit transaction the
    /// batch becomes part of it, and an error leaves that transaction aborted. There is no limit to the number of statements.
    @discardableResult
    public func pipeline(
        _ statements: [SQL], timeout: Duration? = nil, onTimeout: InterruptPolicy = .cancel
    ) async throws(PostgresError) -> [Rows] {
        for (index, sql) in statements.enumerated() {
            if let problem = sql.problem { throw problem.with(statementIndex: index) }
        }
        guard !statements.isEmpty else { return [] }
        try enter(timeout: timeout, policy: onTimeout)
        defer { leave() }
        let wasIdle = PQtransactionStatus(handle.pointer) == PQTRANS_IDLE
        if wasIdle, let transactionSettings { return try await runTransaction(statements, transactionSettings) }
        guard self.statements.limit > 0 else { return try await runPipeline(statements) }
        try await makeRoom(wasIdle: wasIdle)
        do throws(PostgresError) {
            return try await runPipeline(statements)
        } catch  where wasIdle && error.isStalePlan && isUsable {
            for sql in statements { self.statements.forget(sql, onServer: error.sqlState != .invalidSQLStatementName) }
            return try await runPipeline(statements)
        }
    }

    /// What the server still owes us an answer for.
    private enum Step {
        case reset
        case prepare(statement: Int)
        case run(statement: Int)
        case sync
    }

    private struct Progress {
        var steps: [Step] = []
        /// The first step without a complete answer.
        var next = 0
        /// Whether that step's result came; its end has not.
        var answered = false
        var results: [Rows] = []
        var failure: PostgresError?
        /// How often libpq had neither a result nor was busy.
        var strays = 0
    }

    /// Sends a batch and reads its answers, both at once. The caller has claimed the connection and checked the statements.
    func runPipeline(_ batch: [SQL]) async throws(PostgresError) -> [Rows] {
        guard PQenterPipelineMode(try pg) == 1 else { throw lost("the connection is not ready for a pipeline") }
        var progress = Progress()
        progress.steps.reserveCapacity(batch.count + 8)
        progress.results.reserveCapacity(batch.count)
        var unflushed = 0
        operation.sent = true
        if operation.rowByRow {
            // libpq ends the mode of a stream with the next statement, but not when that is the first of a pipeline: it would come row by
            // row. An empty statement takes its place.
            guard PQsendQueryParams(try pg, "", 0, nil, nil, nil, nil, 1) == 1 else { throw lost() }
            progress.steps.append(.reset)
            operation.rowByRow = false
        }
        for (index, sql) in batch.enumerated() {
            try enqueue(sql, index, &progress)
            unflushed += 64 + sql.values.count + 8 * sql.lengths.count
            if unflushed >= 60_000 {
                unflushed = 0
                try await push(batch, &progress)
            }
        }
        progress.steps.append(.sync)
        guard PQpipelineSync(try pg) == 1 else { throw lost() }
        try await push(batch, &progress)
        try await harvest(batch, &progress, untilEnd: true)
        guard PQexitPipelineMode(try pg) == 1 else { throw lost("the pipeline did not end as it should") }
        collectNotifications(try pg)
        try conclude(progress.failure)
        return progress.results
    }

    /// Hands one statement to libpq. If that fails the connection is closed before the end of the batch is sent, so nothing of it commits.
    private func enqueue(_ sql: SQL, _ index: Int, _ progress: inout Progress) throws(PostgresError) {
        var status: Int32 = 1
        let pg = try pg
        if let name = statements.limit > 0 ? statements.name(of: sql) : nil {
            status = sql.withParameters { PQsendQueryPrepared(pg, name, $0.count, $0.values, $0.lengths, $0.formats, 1) }
        } else if statements.isFull {
            status = sql.withParameters {
                PQsendQueryParams(pg, sql.text, $0.count, $0.types, $0.values, $0.lengths, $0.formats, 1)
            }
        } else {
            let name = statements.newName()
            // Noted now, so that the next equal statement of the batch finds it; taken back if the server refuses it.
            statements.insert(sql, name: name)
            progress.steps.append(.prepare(statement: index))
            status = sql.withParameters { block in
                guard PQsendPrepare(pg, name, sql.text, block.count, block.types) == 1 else { return 0 }
                return PQsendQueryPrepared(pg, name, block.count, block.values, block.lengths, block.formats, 1)
            }
        }
        progress.steps.append(.run(statement: index))
        guard status == 1 else {
            let message = PostgresError.lastMessage(of: pg) ?? "libpq refused the statement"
            operation.sent = false
            throw lost(message).with(statementIndex: index)
        }
    }

    /// Sends what libpq holds, and reads answers while the server does not read.
    private func push(_ batch: [SQL], _ progress: inout Progress) async throws(PostgresError) {
        while true {
            switch PQflush(try pg) {
            case 0: return
            case 1:
                guard try await ready([.read, .write]).contains(.read) else { continue }
                try consumeInput()
                try await harvest(batch, &progress, untilEnd: false)
            default: throw lost()
            }
        }
    }

    /// Takes the answers that are there, or waits for all of them.
    private func harvest(_ batch: [SQL], _ progress: inout Progress, untilEnd: Bool) async throws(PostgresError) {
        while progress.next < progress.steps.count {
            if PQisBusy(try pg) == 1 {
                guard untilEnd else { return }
                try await receive()
                continue
            }
            guard let result = PQgetResult(try pg) else {
                try endStep(&progress)
                continue
            }
            take(result, batch, &progress)
        }
    }

    /// libpq said: no more results for this statement.
    private func endStep(_ progress: inout Progress) throws(PostgresError) {
        if progress.answered {
            progress.answered = false
            progress.next += 1
            progress.strays = 0
            return
        }
        progress.strays += 1
        guard PQstatus(try pg) == CONNECTION_OK, progress.strays < 16 else { throw lost() }
    }

    private func take(_ result: OpaquePointer, _ batch: [SQL], _ progress: inout Progress) {
        let step = progress.steps[progress.next]
        let status = PQresultStatus(result)
        if status == PGRES_PIPELINE_SYNC {
            PQclear(result)
            progress.next += 1
            return
        }
        progress.answered = true
        switch (status, step) {
        case (PGRES_TUPLES_OK, .run), (PGRES_COMMAND_OK, .run), (PGRES_EMPTY_QUERY, .run):
            progress.results.append(Rows(result))
            return
        case (PGRES_COMMAND_OK, .prepare), (PGRES_EMPTY_QUERY, .reset): break
        case (PGRES_PIPELINE_ABORTED, let step):
            if case .prepare(let index) = step { statements.forget(batch[index], onServer: false) }
        case (_, .prepare(let index)):
            statements.forget(batch[index], onServer: false)
            progress.failure = progress.failure ?? note(failed: result).with(statementIndex: index)
        case (_, .run(let index)):
            progress.failure = progress.failure ?? note(failed: result).with(statementIndex: index)
        case (_, .reset): progress.failure = progress.failure ?? note(failed: result)
        case (_, .sync):
            // An error at the end: the commit itself failed, for example a deferred constraint.
            progress.failure = progress.failure ?? note(failed: result)
            progress.answered = false
        }
        PQclear(result)
    }
}
