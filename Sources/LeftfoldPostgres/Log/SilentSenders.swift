import Leftfold
import LeftfoldDriver
import Logging

/// Sessions that hold what others wait for, and wait for the rest of a batch that does not come: the link broke without a sign between its
/// statements and their end, or somebody in between stands still. The server has no limit for these (before PostgreSQL 17): to it they
/// are neither idle nor at work.
struct SilentSenders: Sendable {
    let log: LogName

    /// An append is one statement: once it has the lock, its end comes at once.
    private static let append: Duration = .seconds(3)
    /// Longer than the usual deadline of a batch, when its sender gives it up.
    static let batch: Duration = .seconds(8)

    /// Ends those of roles that we are, and logs it; false if there are none. Of others only they themselves, their operator, or time.
    ///
    /// - Parameter condition: none is ended unless it holds.
    @discardableResult
    func end(through pool: Pool, if condition: SQL = "true", _ logger: Logger) async throws(PostgresError) -> Bool {
        let ended = try await pool.execute(
            """
            SELECT a.pid, pg_terminate_backend(a.pid) FROM pg_stat_activity AS a
            WHERE \(fragment: condition)
                AND a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.state = 'active' AND a.wait_event = 'ClientRead'
                AND pg_has_role(a.usesysid, 'USAGE')
                AND EXISTS (
                    SELECT FROM pg_locks AS l
                    WHERE l.pid = a.pid AND l.granted AND l.locktype = 'relation' AND (
                        l.relation = to_regclass(\("\(log).append_lock")) AND l.mode = 'ShareUpdateExclusiveLock'
                            AND a.xact_start < clock_timestamp() - make_interval(secs => \(Self.append.seconds))
                        OR l.relation = to_regclass(\("\(log).followers")) AND l.mode IN ('RowShareLock', 'RowExclusiveLock')
                            AND a.xact_start < clock_timestamp() - make_interval(secs => \(Self.batch.seconds))))
            """)
        for row in ended {
            let pid = (try? row[0].decode(Int32.self)) ?? 0
            logger.warning("ended a session that held a lock and waited for the rest of its batch", metadata: ["process": "\(pid)"])
        }
        return !ended.isEmpty
    }
}
