/// What became of one ``Append``.
public enum AppendAnswer: Sendable, Equatable {
    /// Its events and its journal row are committed.
    case appended(Appended)
    /// The same command was accepted before; nothing was written. This was the answer.
    case acceptedBefore(Appended)
    /// The same command was refused before; nothing was written. This was the answer.
    case refusedBefore(RefusalKind, code: String)
    /// The command id is known with other content; nothing was written.
    case commandIDReused
    /// A stream is at another version; nothing was written.
    case wrongExpectedVersion(StreamName, actual: StreamVersion)
    /// Another stream holds a value that was to be taken; nothing was written.
    case claimTaken(Claim)
    /// A condition does not hold, for the event at this position; nothing was written.
    case conditionFailed(at: GlobalPosition)
    /// The follower's checkpoint is not where it was believed to be; nothing was written.
    case checkpointMoved
    /// It was decided on the outcome of another append of its chain, which did not come true; nothing was written.
    case predecessorNotAppended

    package var isAppended: Bool { if case .appended = self { true } else { false } }

    /// The command was stored by an attempt whose answer was lost.
    var isOfEarlierAttempt: Bool { if case .acceptedBefore = self { true } else { false } }
}

/// Where an accepted command got its streams and the log.
public struct Appended: Sendable, Equatable {
    /// Each stream that got events, and its version afterwards, in the order of the writes; where none did, all that it
    /// insisted on.
    public var streams: [StreamProgress]
    /// Of its last event; the head of the log where there was none.
    public var position: GlobalPosition

    public init(_ streams: [StreamProgress], at position: GlobalPosition) {
        self.streams = streams
        self.position = position
    }
}
