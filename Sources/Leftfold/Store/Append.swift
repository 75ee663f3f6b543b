/// One command's write: all of it or nothing, with its row of the journal.
public struct Append: Sendable {
    public let command: CommandRecord
    /// Each to a stream of its own. None where a command that rests on a query changed nothing.
    public let writes: [StreamWrite]
    /// What must still hold.
    public let conditions: [AppendCondition]
    /// The checkpoint that moves in the same commit, where a follower sent the command.
    public let progress: FollowerProgress?
    /// The W3C trace context to store with the events.
    public let traceparent: String?

    /// Throws ``RepeatedStream`` where two of the writes are to one stream.
    public init(
        _ command: CommandRecord, _ writes: [StreamWrite], conditions: [AppendCondition] = [], progress: FollowerProgress? = nil,
        traceparent: String? = nil
    ) throws(RepeatedStream) {
        for (index, write) in writes.enumerated().dropFirst() where writes[..<index].contains(where: { $0.stream == write.stream }) {
            throw RepeatedStream(write.stream)
        }
        self.command = command
        self.writes = writes
        self.conditions = conditions
        self.progress = progress
        self.traceparent = traceparent
    }

    /// The usual one: to one stream.
    public init(_ command: CommandRecord, _ write: StreamWrite, traceparent: String? = nil) {
        self.command = command
        writes = [write]
        conditions = []
        progress = nil
        self.traceparent = traceparent
    }

    /// About how many bytes it sends.
    package var size: Int {
        writes.reduce(command.content.count) { size, write in write.events.reduce(size) { $0 + $1.data.count } }
    }
}

/// What an append does to one stream. Without events it only insists on the version.
public struct StreamWrite: Sendable, Equatable {
    public var stream: StreamName
    public var expected: ExpectedVersion
    public var events: [NewEvent]
    public var claims: ClaimChanges

    public init(_ stream: StreamName, expected: ExpectedVersion, events: [NewEvent], claims: ClaimChanges = .none) {
        self.stream = stream
        self.expected = expected
        self.events = events
        self.claims = claims
    }
}

/// No event after the position matches the query. As the specification of dynamic consistency boundaries has it: what a
/// decision has read, up to where it has read, is all there is to it.
public struct AppendCondition: Sendable, Equatable {
    public var query: EventQuery
    public var after: GlobalPosition

    public init(noEventMatching query: EventQuery, after: GlobalPosition) {
        self.query = query
        self.after = after
    }
}
