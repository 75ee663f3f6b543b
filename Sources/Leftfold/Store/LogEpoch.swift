/// A stretch of a log's history without a break. A failover or a restore begins another one: the log may have lost its end, and other events
/// may come in its place, at the same positions and versions.
///
/// Its number is between 0 and 8191. The first epoch of a log is 0; later ones are drawn, so that two servers which both went on from one
/// log do not seem to tell one story.
public struct LogEpoch: Sendable, Hashable, RawRepresentable, CustomStringConvertible {
    public let rawValue: Int32

    /// Nil outside of 0…8191.
    public init?(rawValue: Int32) {
        guard (0...8191).contains(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    private init(first: Int32) { rawValue = first }

    public static let first = LogEpoch(first: 0)
    public var description: String { String(rawValue) }
}

/// The log has another history than the one that a decision rests on. Nothing was written. Decided again, on the states that there are now,
/// the command may well be stored.
public struct EpochEnded: Refusal, Equatable {
    public let epoch: LogEpoch
    public var kind: RefusalKind? { nil }
    public var code: String { "unavailable" }
    public var message: String { "The log has gone over to another server while the command was decided." }

    public init(_ epoch: LogEpoch) { self.epoch = epoch }
}

/// A position was told that is of a history which the log does not have any more: what was written there is lost, to a failover or to a
/// restore. Ask without it.
public struct PositionLost: Refusal, Equatable {
    public var kind: RefusalKind? { nil }
    public var code: String { "position_lost" }
    public var message: String { "The log has lost this position to a failover or a restore. Ask again without it." }

    public init() {}
}
