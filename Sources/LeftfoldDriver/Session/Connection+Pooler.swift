import CLibPQ

// Behind a pooler in transaction mode each transaction may have another session of the server.
extension Connection {
    /// Runs one statement as a transaction.
    func runAlone(_ sql: SQL, _ settings: TransactionSettings) async throws(PostgresError) -> Rows {
        do throws(PostgresError) {
            guard let rows = try await runTransaction([sql], settings).first else { throw lost("the server sent no result") }
            return rows
        } catch {
            // It was no pipeline for the caller.
            throw PostgresError(copying: error, statementIndex: nil)
        }
    }

    /// Runs a batch as a transaction that says for itself what it depends on, all in one round trip.
    func runTransaction(_ batch: [SQL], _ settings: TransactionSettings) async throws(PostgresError) -> [Rows] {
        let before: [SQL] = ["BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE", settings.sql]
        do throws(PostgresError) {
            let results = try await runPipeline(before + batch + ["COMMIT"])
            return Array(results.dropFirst(before.count).dropLast())
        } catch {
            if isUsable, isInTransaction { await undo() }
            guard let index = error.statementIndex else { throw error }
            // Of ours, the settings and the commit have no place in the caller's batch.
            let theirs = index - before.count
            throw PostgresError(copying: error, statementIndex: batch.indices.contains(theirs) ? theirs : nil)
        }
    }

    /// Ends a transaction that failed: until then the pooler can lend its session to nobody else.
    private func undo() async {
        operation.deadline = .now + InterruptPolicy.grace
        operation.cancellable = false
        operation.policy = .abandon
        do throws(PostgresError) { _ = try await runCommand("ROLLBACK") } catch { close() }
    }
}
