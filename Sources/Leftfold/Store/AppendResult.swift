/// What became of one ``AppendRequest``.
public enum AppendResult: Sendable, Equatable {
    /// Its events and its journal row are committed. The position is that of the last event, or the head if there was none.
    case appended(version: StreamVersion, position: GlobalPosition)
    /// The refusal is on record.
    case refusalRecorded
    /// The same command was accepted before; nothing was written. This was the answer.
    case acceptedBefore(version: StreamVersion, position: GlobalPosition)
    /// The same command was refused before; nothing was written. This was the answer.
    case refusedBefore(Outcome, code: String)
    /// The command id is known with other content; nothing was written.
    case commandIDReused
    /// The stream is at another version; nothing was written.
    case wrongExpectedVersion(actual: StreamVersion)
    /// Another stream holds a value that was to be taken; nothing was written.
    case claimTaken(Claim)
    /// It was decided on the outcome of another request of its chain, which did not come true. Decide again.
    case predecessorNotAppended

    var isAppended: Bool { if case .appended = self { true } else { false } }
}
