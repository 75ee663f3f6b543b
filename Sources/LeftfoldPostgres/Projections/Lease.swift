import Foundation
import Leftfold
import LeftfoldDriver

/// The right to work on one generation, by the server's clock. It spares two projectors from doing the same work; that
/// nothing is applied twice rests on the epoch in the compare-and-set of `leftfold.advance`.
struct Lease: Sendable {
    static let length: Duration = .seconds(5)

    let generation: Generation
    let epoch: Int64
    var position: GlobalPosition
    /// The event that stopped the generation, if one did and nobody has said retry.
    var failedPosition: GlobalPosition?

    /// Takes the lease unless somebody else has it.
    static func take(_ generation: Generation, owner: String, on connection: Connection) async throws -> Lease? {
        let row = try await connection.execute(
            """
            UPDATE leftfold.checkpoints
            SET lease_epoch = lease_epoch + 1, lease_owner = \(owner),
                lease_until = clock_timestamp() + make_interval(secs => \(length.seconds))
            WHERE projection = \(generation.projection.name) AND generation = \(Int32(generation.number)) AND state <> 'retired'
                AND (lease_until IS NULL OR lease_until < clock_timestamp())
            RETURNING lease_epoch, position, failed_position
            """
        ).first
        guard let (epoch, position, failed) = try row?.decode(Int64.self, Int64.self, Int64?.self) else { return nil }
        return Lease(
            generation: generation, epoch: epoch, position: GlobalPosition(rawValue: position),
            failedPosition: failed.map(GlobalPosition.init(rawValue:)))
    }

    /// Keeps the lease while there is nothing to apply. False when it is lost.
    mutating func renew(on connection: Connection) async throws -> Bool {
        let row = try await connection.execute(
            """
            UPDATE leftfold.checkpoints SET lease_until = clock_timestamp() + make_interval(secs => \(Self.length.seconds))
            WHERE projection = \(generation.projection.name) AND generation = \(Int32(generation.number))
                AND lease_epoch = \(epoch) AND state <> 'retired'
            RETURNING failed_position
            """
        ).first
        guard let row else { return false }
        failedPosition = try row.decode(Int64?.self).map(GlobalPosition.init(rawValue:))
        return true
    }

    /// Lets the next one begin at once.
    func release(on connection: Connection) async throws {
        _ = try await connection.execute(
            """
            UPDATE leftfold.checkpoints SET lease_until = NULL, lease_owner = NULL
            WHERE projection = \(generation.projection.name) AND generation = \(Int32(generation.number)) AND lease_epoch = \(epoch)
            """)
    }

    /// The first statement of a batch: the compare-and-set that carries I5.
    func advance(to position: GlobalPosition) -> SQL {
        """
        SELECT leftfold.advance(
            \(generation.projection.name), \(Int32(generation.number)), \(self.position.rawValue), \(position.rawValue), \(epoch),
            make_interval(secs => \(Self.length.seconds)))
        """
    }

    /// Puts on record which event stopped the generation.
    func recordFailure(_ failed: FailedEvent, on connection: Connection) async throws {
        _ = try await connection.execute(
            """
            UPDATE leftfold.checkpoints
            SET failed_position = \(failed.event.position.rawValue), failed_at = clock_timestamp(), failure = \(String(failed.reason.prefix(2000)))
            WHERE projection = \(generation.projection.name) AND generation = \(Int32(generation.number)) AND lease_epoch = \(epoch)
            """)
    }
}

extension SQLState {
    /// `leftfold.advance`: the checkpoint moved, or the lease went to somebody else.
    static let checkpointMoved = SQLState("LF002")
}

extension Duration {
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
