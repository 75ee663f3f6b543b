import Leftfold
import LeftfoldDriver
import Logging

extension SilentSenders {
    /// Ends those that keep a follower's row, once its lease has ended: whoever has the row then is none who works on it.
    @discardableResult
    func end(through pool: Pool, ifFree follower: FollowerName, _ logger: Logger) async throws(PostgresError) -> Bool {
        let isFree: SQL = "EXISTS (SELECT FROM \(log).followers WHERE name = \(follower) AND \(fragment: Lease.isFree))"
        return try await end(through: pool, if: isFree, logger)
    }
}
