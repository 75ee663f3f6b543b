import CLibPQ

extension Connection {
    /// Hands the rows of a statement to a closure one after another, in bounded memory whatever their number.
    ///
    /// The closure runs where the caller runs. If it throws, or on timeout or cancellation, the server is asked to stop and the connection is
    /// closed; the closure's error is rethrown. An error of the server may come after rows were delivered: only a normal return means that
    /// they were all. The connection is busy until then.
    public nonisolated func stream(_ sql: SQL, timeout: Duration? = nil, _ body: (Row) async throws -> Void) async throws {
        try await beginStream(sql, timeout: timeout)
        do {
            while let rows = try await nextRows() {
                for row in rows { try await body(row) }
            }
        } catch {
            await abandonTransfer()
            throw error
        }
        await leave()
    }

    private func beginStream(_ sql: SQL, timeout: Duration?) async throws(PostgresError) {
        if let problem = sql.problem { throw problem }
        try enter(timeout: timeout, policy: .cancel, isTransfer: true)
        do throws(PostgresError) {
            if let name = statements.name(of: sql) {
                operation.sent = true
                try sent(
                    sql.withParameters { PQsendQueryPrepared(handle.pointer, name, $0.count, $0.values, $0.lengths, $0.formats, 1) })
            } else {
                try sendUnprepared(sql)
            }
            guard PQsetSingleRowMode(try pg) == 1 else { throw lost("the connection is not ready to stream") }
            operation.rowByRow = true
            try await flush()
        } catch {
            leave()
            throw error
        }
    }

    /// The rows that are there, at least one; `nil` at the end. At most 64, so that memory stays bounded and the hops between actors are few.
    private func nextRows() async throws(PostgresError) -> [Rows.Element]? {
        if Task.isCancelled { throw PostgresError(.cancelled, "the task was cancelled") }
        var rows: [Row] = []
        while rows.count < 64 {
            if PQisBusy(try pg) == 1 {
                if !rows.isEmpty { return rows }
                try await receive()
                continue
            }
            guard let result = PQgetResult(try pg) else {
                // The last rows go out first; the next call finds nothing and ends.
                if !rows.isEmpty { return rows }
                try conclude(operation.failure)
                return nil
            }
            switch PQresultStatus(result) {
            case PGRES_SINGLE_TUPLE:
                if operation.interruption == nil { rows.append(contentsOf: Rows(result)) } else { PQclear(result) }
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: PQclear(result)
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                PQclear(result)
                throw PostgresError(.misuse, "COPY to or from the client needs copyIn or copyOut")
            default:
                operation.failure = operation.failure ?? note(failed: result)
                PQclear(result)
            }
        }
        return rows
    }

    /// Ends a stream or copy that is not read to its end.
    func abandonTransfer() async {
        defer { leave() }
        guard isUsable, PQtransactionStatus(handle.pointer) == PQTRANS_ACTIVE else {
            if operation.interruption != nil { close() }
            return
        }
        operation.deadline = .now + .seconds(5)
        _ = await requestCancel()
        close()
    }
}
