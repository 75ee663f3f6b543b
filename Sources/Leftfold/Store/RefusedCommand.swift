/// A command that ended without events, to be put on record.
public struct RefusedCommand: Sendable {
    public var command: CommandRecord
    /// What it was for, as far as that is known.
    public var streams: [StreamName]
    public var kind: RefusalKind
    /// Stable, in snake case.
    public var code: String

    public init(_ command: CommandRecord, for streams: [StreamName], _ kind: RefusalKind, code: String) {
        self.command = command
        self.streams = streams
        self.kind = kind
        self.code = code
    }
}

/// What became of one ``RefusedCommand``.
public enum RecordAnswer: Sendable, Equatable {
    /// The refusal is on record.
    case recorded
    /// The same command was accepted before; nothing was written. This was the answer.
    case acceptedBefore(Appended)
    /// The same command was refused before; nothing was written. This was the answer.
    case refusedBefore(RefusalKind, code: String)
    /// The command id is known with other content; nothing was written.
    case commandIDReused
}
