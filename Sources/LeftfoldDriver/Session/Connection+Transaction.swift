import CLibPQ

/// What a transaction sees of others.
public enum TransactionIsolation: String, Sendable {
    /// Each statement sees what was committed before it.
    case readCommitted = "READ COMMITTED"
    /// All statements see one snapshot.
    case repeatableRead = "REPEATABLE READ"
    /// As if transactions ran one after another; be ready for `serializationFailure`.
    case serializable = "SERIALIZABLE"
}

extension Connection {
    /// Runs a closure inside a transaction. The closure runs where the caller runs, and must not commit or roll back by itself.
    ///
    /// Commits when the closure returns; rolls back when it throws, and throws what it threw. A commit that the server turned into a rollback,
    /// because the closure swallowed an error, throws `.server(25P02)`. A connection lost at the commit throws with `outcomeUnknown`; lost
    /// before, without. Transactions do not nest: that throws `.misuse`.
    @discardableResult
    public nonisolated func transaction<T>(
        isolation: TransactionIsolation = .readCommitted, readOnly: Bool = false, _ body: (Connection) async throws -> T
    ) async throws -> T {
        try await begin(isolation, readOnly: readOnly)
        let value: T
        do {
            value = try await body(self)
        } catch {
            await rollback()
            throw error
        }
        guard !Task.isCancelled else {
            await rollback()
            throw PostgresError(.cancelled, "the task was cancelled before the commit; the transaction was rolled back")
        }
        try await commit()
        return value
    }

    private func begin(_ isolation: TransactionIsolation, readOnly: Bool) async throws(PostgresError) {
        guard !isInTransaction, !inManagedTransaction else {
            throw PostgresError(.misuse, "the connection is inside a transaction already; transactions do not nest")
        }
        // Before the BEGIN: losing the connection while it is under way commits nothing.
        inManagedTransaction = true
        do throws(PostgresError) {
            let settings = transactionSettings.map { "; \($0.text)" } ?? ""
            _ = try await command("BEGIN ISOLATION LEVEL \(isolation.rawValue)\(readOnly ? " READ ONLY" : " READ WRITE")\(settings)")
        } catch {
            inManagedTransaction = isInTransaction
            throw error
        }
    }

    /// Once sent, a commit is neither cancelled nor given up: its outcome matters more than anybody's patience.
    private func commit() async throws(PostgresError) {
        defer { inManagedTransaction = false }
        let tag: String
        do throws(PostgresError) {
            tag = try await command("COMMIT", policy: .abandon, cancellable: false, commits: true)
        } catch {
            // `misuse`: a statement of the closure is still under way in a task it left behind.
            if error.kind == .misuse { close() }
            throw error
        }
        guard tag == "COMMIT" else {
            throw PostgresError(
                .server(.inFailedSQLTransaction),
                "the transaction was rolled back: one of its statements had failed (answer to COMMIT: \(tag))")
        }
    }

    private func rollback() async {
        defer { inManagedTransaction = false }
        guard isUsable, isInTransaction || busy else { return }
        do throws(PostgresError) {
            _ = try await command("ROLLBACK", timeout: .seconds(5), policy: .abandon, cancellable: false)
        } catch {
            // A closed connection is rolled back by the server.
            close()
        }
    }
}
