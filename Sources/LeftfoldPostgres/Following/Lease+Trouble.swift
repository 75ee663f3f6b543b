import Leftfold
import LeftfoldDriver

/// What keeps a follower from working although no event is at fault: a right or a table that somebody took away, a hole in the log. It is
/// tried again by itself, with pauses that grow; meanwhile it stands beside the checkpoint, as a failure without a position.
extension Lease {
    func recordTrouble(_ reason: String, on connection: Connection) async throws {
        try await connection.execute(
            """
            UPDATE \(log).followers SET failed_at = clock_timestamp(), failure = \(String(reason.prefix(2000)))
            WHERE name = \(follower) AND lease_epoch = \(checkpoint.epoch) AND failed_position IS NULL
            """)
    }

    /// It works. Batches take trouble off the record, too, but there may have been none to apply.
    mutating func clearTrouble(on connection: Connection) async throws {
        try await connection.execute(
            """
            UPDATE \(log).followers SET failed_at = NULL, failure = NULL
            WHERE name = \(follower) AND lease_epoch = \(checkpoint.epoch) AND failed_position IS NULL AND failure IS NOT NULL
            """)
        isTroubled = false
    }
}

extension Error {
    /// Whether it will stay until somebody does something about it. What is about the moment, or the connection, heals before anybody looks.
    var isOfTheFollower: Bool {
        guard let error = self as? PostgresError else { return !(self is CancellationError) && !(self is LeaseLost) }
        guard !error.isConnectionFailure, case .server(let state) = error.kind else { return false }
        return !["40", "55", "57"].contains(state.errorClass)
    }
}
