import Leftfold
import LeftfoldDriver

/// The right to work for a follower, by the server's clock. It spares two processes from doing the same work; that nothing is
/// applied twice rests on the compare-and-set on position and epoch, the first statement of every batch.
struct Lease: Sendable {
    static let length: Duration = .seconds(5)

    let log: LogName
    /// How far the follower is, as its worker believes.
    var checkpoint: Checkpoint
    /// The event that stopped the follower, if one did and nobody has said retry.
    var failedPosition: GlobalPosition?
    /// Whether something is on record that keeps it from working; see ``recordTrouble(_:on:)``.
    var isTroubled: Bool
    /// Of the log, when it was taken. What is read of the log from then on counts in no other; nil where that was not known.
    let logEpoch: LogEpoch?
    /// When it was last prolonged, at the latest. By our clock, which only decides when to prolong it again.
    private(set) var renewedAt = ContinuousClock.now

    var follower: FollowerName { checkpoint.follower }
    var position: GlobalPosition { checkpoint.position }

    /// Puts a follower on record, at position zero, unless it is there.
    static func register(_ follower: FollowerName, in log: LogName, on connection: Connection) async throws(PostgresError) {
        try await connection.execute("INSERT INTO \(log).followers (name) VALUES (\(follower)) ON CONFLICT (name) DO NOTHING")
    }

    /// Whether nobody has the lease. One that goes further than a lease can was written by a clock that has gone back since.
    static let isFree: SQL = """
        (lease_until IS NULL OR lease_until < clock_timestamp() OR lease_until > clock_timestamp() + interval '1 minute')
        """

    /// Takes the lease, which is free or was handed over to this owner; nil while somebody else has it, while the follower is paused, or where there is no such follower. Never waits for who is
    /// just moving it.
    static func take(_ follower: FollowerName, in database: LeftfoldDatabase, owner: String) async throws -> Lease? {
        try Task.checkCancellation()
        // In a task of its own, awaited here: when we are stopped, we must still learn that it is ours, or nobody could let it go.
        return try await Task { try await takeNow(follower, in: database, owner: owner) }.value
    }

    private static func takeNow(_ follower: FollowerName, in database: LeftfoldDatabase, owner: String) async throws -> Lease? {
        let (start, log) = (ContinuousClock.now, database.log)
        let row = try await database.pool.execute(
            """
            UPDATE \(log).followers
            SET lease_epoch = lease_epoch + 1, lease_owner = \(owner), lease_until = clock_timestamp() + make_interval(secs => \(length.seconds))
            WHERE name = (
                SELECT name FROM \(log).followers WHERE name = \(follower) AND paused_at IS NULL
                    AND (\(fragment: isFree) OR lease_owner = \(owner) AND lease_epoch = handed_over_in)
                FOR NO KEY UPDATE SKIP LOCKED)
            RETURNING lease_epoch, position, failed_position, failure IS NOT NULL AND failed_position IS NULL
            """, timeout: length
        ).first
        guard let (epoch, position, failed, isTroubled) = try row?.decode(Int64.self, Int64.self, Int64?.self, Bool.self) else {
            return nil
        }
        return Lease(
            log: log, checkpoint: Checkpoint(follower, at: GlobalPosition(rawValue: position), epoch: epoch),
            failedPosition: failed.map(GlobalPosition.init(rawValue:)), isTroubled: isTroubled, logEpoch: database.watch.history.settled,
            renewedAt: start)
    }

    /// Whether to say that we are still here, because nothing else said it for a while.
    var isDueForRenewal: Bool { renewedAt.duration(to: .now) > Self.length / 5 }

    /// Keeps the lease while there is nothing to apply, and sees whether a retry was asked for. False when it is lost.
    mutating func renew(on connection: Connection) async throws -> Bool {
        let start = ContinuousClock.now
        let row = try await connection.execute(
            """
            UPDATE \(log).followers SET lease_until = clock_timestamp() + make_interval(secs => \(Self.length.seconds))
            WHERE name = \(follower) AND lease_epoch = \(checkpoint.epoch) AND lease_until IS NOT NULL
            RETURNING failed_position
            """
        ).first
        guard let row else { return false }
        renewedAt = start
        failedPosition = try row.decode(Int64?.self).map(GlobalPosition.init(rawValue:))
        return true
    }

    /// Lets the next one begin at once, and tells it.
    func release(on connection: Connection) async throws {
        try await connection.execute(
            """
            WITH released AS (
                UPDATE \(log).followers SET lease_until = NULL, lease_owner = NULL
                WHERE name = (
                    SELECT name FROM \(log).followers WHERE name = \(follower) AND lease_epoch = \(checkpoint.epoch)
                    FOR NO KEY UPDATE SKIP LOCKED)
                RETURNING name
            ) SELECT pg_notify(\(Announcements.checkpoints(of: log)), 'released ' || name) FROM released
            """)
    }

    /// The first statement of a batch: the compare-and-set that carries I5. It prolongs the lease, too, and announces what the
    /// batch touches.
    func advance(to position: GlobalPosition, touching touched: Dependencies) -> SQL {
        """
        SELECT \(log).advance(
            \(follower), \(checkpoint.position), \(position), \(checkpoint.epoch),
            make_interval(secs => \(Self.length.seconds)), \(touched.announced), \(logEpoch?.rawValue))
        """
    }

    /// The batch that began with ``advance(to:touching:)`` is committed.
    mutating func advanced(to position: GlobalPosition, sentAt start: ContinuousClock.Instant) {
        checkpoint.position = position
        renewedAt = start
    }

    /// Puts on record what stopped the follower, and where.
    func recordFailure(at position: GlobalPosition, _ reason: String, on connection: Connection) async throws {
        try await connection.execute(
            """
            UPDATE \(log).followers
            SET failed_position = \(position), failed_at = clock_timestamp(), failure = \(String(reason.prefix(2000)))
            WHERE name = \(follower) AND lease_epoch = \(checkpoint.epoch)
            """)
    }
}

/// The follower was taken over, or its checkpoint moved.
struct LeaseLost: Error {}

extension SQLState {
    /// `advance`: the checkpoint moved, or the lease went to somebody else.
    static let checkpointMoved = SQLState("LF002")
}

extension Duration {
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
