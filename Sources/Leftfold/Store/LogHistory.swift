import Synchronization

/// The epochs of a log, as far as a process knows them, and the positions in them.
///
/// A position alone does not tell what was written there: after a failover it may be something else. Whoever leaves the process takes a token
/// along, which is a position and its epoch in one whole number below 2⁵³. In the first epoch of a log it is the position itself.
public final class LogHistory: Sendable {
    private struct State {
        var epoch = LogEpoch.first
        /// Whether the log was asked.
        var isKnown = true
        /// Those before the current one, and up to where they are part of it.
        var ended: [LogEpoch: GlobalPosition] = [:]
        /// As far as the current one was seen.
        var head = GlobalPosition.zero
        /// Asks the log again; nil where nobody else could know more.
        var look: (@Sendable () async -> Bool)?
    }

    private let state = Mutex(State())
    fileprivate static let positionBits: Int64 = 40

    public init() {}

    /// The one that there is now, as far as it is known.
    public var epoch: LogEpoch { state.withLock(\.epoch) }

    /// The one that there is now. The log is asked if it was not yet; nil where it could not be.
    public func current() async -> LogEpoch? {
        if let settled { return settled }
        _ = await state.withLock(\.look)?()
        return settled
    }

    /// The one that there is now; nil where the log was not asked yet.
    package var settled: LogEpoch? { state.withLock { $0.isKnown ? $0.epoch : nil } }

    /// As far as this process knows for sure that the current epoch goes.
    package var head: GlobalPosition { state.withLock(\.head) }

    /// Something was seen at the position, in this epoch.
    package func reached(_ position: GlobalPosition, in epoch: LogEpoch) {
        state.withLock { if $0.epoch == epoch, $0.head < position { $0.head = position } }
    }

    // MARK: Tokens

    /// The position that a token means now; nil where this process does not know its epoch, or it is lost.
    package func known(_ token: Int64) -> GlobalPosition? {
        guard token >= 0, let epoch = LogEpoch(rawValue: Int32(truncatingIfNeeded: token >> Self.positionBits)),
            token >> Self.positionBits == Int64(epoch.rawValue)
        else { return nil }
        let position = GlobalPosition(rawValue: token & (1 << Self.positionBits - 1))
        return state.withLock { state in
            if state.epoch == epoch { return position }
            return state.ended[epoch].flatMap { position <= $0 ? position : nil }
        }
    }

    /// The position that a token means. The log is asked where its epoch is not known, at most once a second.
    ///
    /// - Throws: ``PositionLost`` where the log does not have it any more, or never had it; ``Unavailable`` where it could not be asked.
    public func position(of token: Int64) async throws -> GlobalPosition {
        if let position = known(token) { return position }
        let wasAsked = await state.withLock(\.look)?() ?? true
        if let position = known(token) { return position }
        guard wasAsked else { throw Unavailable("The log cannot be asked what the position means.") }
        throw PositionLost()
    }

    // MARK: Fed

    /// From now on it is not known before it is fed.
    ///
    /// - Parameter look: whether the log was asked.
    package func askBy(_ look: @escaping @Sendable () async -> Bool) {
        state.withLock { state in (state.look, state.isKnown) = (look, false) }
    }

    /// What was found in the log.
    package enum Finding: Sendable, Equatable {
        case same
        /// The log is in an epoch that was not known here. Positions after `kept` are lost up to `head`, as far as is known here; nil: the one
        /// before is not known there.
        case entered(from: LogEpoch, kept: GlobalPosition?, head: GlobalPosition)
        /// The log is in an epoch that has ended elsewhere: this is a server that was left behind.
        case leftBehind
    }

    /// Takes in what a server says.
    ///
    /// - Parameters:
    ///   - epoch: the one that it is in.
    ///   - ended: those before it.
    package func enter(_ epoch: LogEpoch, ended: [LogEpoch: GlobalPosition]) -> Finding {
        state.withLock { state in
            let (before, wasKnown) = (state.epoch, state.isKnown)
            state.isKnown = true
            if epoch == before || !wasKnown {
                (state.epoch, state.ended) = (epoch, ended)
                return .same
            }
            if ended[before] == nil, state.ended[epoch] != nil { return .leftBehind }
            let head = state.head
            (state.epoch, state.ended, state.head) = (epoch, ended, .zero)
            return .entered(from: before, kept: ended[before], head: head)
        }
    }
}

extension LogEpoch {
    /// What to tell others of a position in this epoch.
    public func token(for position: GlobalPosition) -> Int64 { Int64(rawValue) << LogHistory.positionBits | position.rawValue }
}
