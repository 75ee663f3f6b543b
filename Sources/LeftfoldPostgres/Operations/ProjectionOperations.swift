public import Leftfold
import LeftfoldDriver

/// What an operator does when something is wrong with a projection. Each act goes on record with who did it, as they say and as the database knows,
/// and why (``operations(of:limit:)``); whoever works on the projection loses the lease, and the next one knows of it.
///
/// All throw ``OperationRefused`` where it cannot be done, `Unavailable` when the database is away, or the database's error. A reason has 1 to 2000
/// bytes.
extension LeftfoldDatabase {
    /// Lets a projection that stopped at an event try again, at once. False when there is nothing to retry.
    @discardableResult
    public func retry(_ projection: ProjectionName, by principal: String = "local:operator", because reason: String? = nil) async throws
        -> Bool
    {
        try await operate("retry", projection, principal, reason)
    }

    /// Lets a projection pass the event at which it has stopped without applying it. It has left it out for good; a rebuild applies it.
    ///
    /// Later events of the same stream are applied, and may not fit what is there then: see ``park(_:of:by:because:)``.
    ///
    /// - Parameters:
    ///   - position: of the event that stopped it, and no other.
    ///   - projection: of this program or another's.
    ///   - principal: who does it, as they say.
    ///   - reason: why; on record.
    public func skip(_ position: GlobalPosition, of projection: ProjectionName, by principal: String, because reason: String) async throws {
        _ = try await operate("skip", projection, principal, reason, position: position)
    }

    /// Lets a projection pass the event at which it has stopped, and every later event of its stream, while it goes on with the other streams.
    ///
    /// - Parameters:
    ///   - stream: of the event that stopped it, and no other.
    ///   - projection: of this program or another's.
    ///   - principal: who does it, as they say.
    ///   - reason: why; on record.
    public func park(_ stream: StreamName, of projection: ProjectionName, by principal: String, because reason: String) async throws {
        _ = try await operate("park", projection, principal, reason, stream: stream)
    }

    /// Has what a projection passed of a parked stream applied, in the stream's order, by whoever works on it; then it is followed like the others.
    /// What cannot be applied still stays parked.
    ///
    /// These events come after later events of other streams. A projection whose rows depend on more than one stream may come out differently than a
    /// rebuild; ``Verification`` tells.
    public func unpark(
        _ stream: StreamName, of projection: ProjectionName, by principal: String, because reason: String? = nil
    ) async throws {
        _ = try await operate("unpark", projection, principal, reason, stream: stream)
    }

    /// From now on nobody works on a projection, whatever generation is live, until it is resumed; nothing more is applied when this returns. Queries
    /// go on. False when it was paused already.
    @discardableResult
    public func pause(_ projection: ProjectionName, by principal: String, because reason: String) async throws -> Bool {
        try await operate("pause", projection, principal, reason)
    }

    /// Ends a pause. False when there is none.
    @discardableResult
    public func resume(_ projection: ProjectionName, by principal: String, because reason: String? = nil) async throws -> Bool {
        try await operate("resume", projection, principal, reason)
    }

    /// True when it was done, false when it was so already.
    private func operate(
        _ operation: String, _ projection: ProjectionName, _ principal: String, _ reason: String?, position: GlobalPosition? = nil,
        stream: StreamName? = nil
    ) async throws -> Bool {
        let answer: String?
        do {
            answer = try await pool.execute(
                """
                SELECT \(log).operate(\(projection), \(operation), \(principal), \(reason), \(position?.rawValue), \(stream?.rawValue))
                """, timeout: .seconds(20)
            ).first?.decode(String.self)
        } catch let error as PostgresError {
            throw error.asUnavailable
        }
        switch answer {
        case "done": return true
        case "unchanged": return false
        case "unknown_projection": throw OperationRefused.unknown(projection)
        case "not_parked": throw OperationRefused("not_parked", "\(projection) has not parked \(stream?.rawValue ?? "it").")
        default:
            let meant = position.map { "position \($0)" } ?? "an event of \(stream?.rawValue ?? "it")"
            throw OperationRefused("not_stopped_there", "\(projection) has not stopped at \(meant); only what stopped it can be left out.")
        }
    }
}
