public import Foundation

/// The log. `InMemoryEventStore` is its definition in Swift; `LeftfoldPostgres` keeps it in PostgreSQL. One contract
/// suite (`LeftfoldTesting`) holds for both.
///
/// Every requirement throws ``Unavailable`` when the store cannot be reached or has no room for more work, and whatever
/// says that the log is broken. Nothing was written then, unless it says ``OutcomeUnknown``.
public protocol EventStore: Sendable {
    /// The epochs of the log. A store on top of another one has that one's.
    var history: LogHistory { get }

    /// Appends in order what was decided on one another's outcome: each only if the one before it was appended, too, by
    /// this call. Each is decided on its own, all or nothing, with its journal row; see ``AppendAnswer``. One whose command
    /// id is known may be given its first answer where its predecessor was not appended.
    ///
    /// Throws ``OutcomeUnknown`` where the store cannot tell whether the chain was written: sent again with the same ids,
    /// it will tell. What else it throws is about the first of the chain; one further on that cannot be stored as such is
    /// left, with what follows, ``AppendAnswer/predecessorNotAppended``, and fails when it comes first. Throws ``EpochEnded``
    /// where a command of it was decided in another epoch than the log is in.
    func append(_ chain: [Append]) async throws -> [AppendAnswer]

    /// Puts a refusal in the journal, unless the command id is known: then the first answer stands.
    ///
    /// Throws ``OutcomeUnknown`` where the store cannot tell whether it was written, and ``EpochEnded`` as `append` does.
    func record(_ refused: RefusedCommand) async throws -> RecordAnswer

    /// The events of one stream after a version, in order. Empty for an unknown stream.
    func read(_ stream: StreamName, after version: StreamVersion, limit: Int?) async throws -> [RecordedEvent]

    /// The whole log after a position, in order, without a hole.
    func read(after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent]

    /// The events after a position that match the query, in order.
    func read(matching query: EventQuery, after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent]

    /// The last position, `.zero` when the log is empty.
    func head() async throws -> GlobalPosition

    /// The journal row of a command.
    func journalEntry(for commandID: UUID) async throws -> JournalEntry?

    /// The newest journal rows first, in the order in which they were written.
    func journal(_ filter: JournalFilter) async throws -> [JournalEntry]

    /// Who holds these claims now. Free claims are absent.
    func holders(of claims: [Claim]) async throws -> [Claim: StreamName]

    /// Takes a follower over, registering it at position zero if it is new. From here on nobody who took it over before
    /// can move its checkpoint.
    func takeOver(_ follower: FollowerName) async throws -> Checkpoint
}

extension EventStore {
    /// One append by itself.
    public func append(_ append: Append) async throws -> AppendAnswer {
        guard let answer = try await self.append([append]).first else { throw Unavailable("The store gave no answer.") }
        return answer
    }

    public func read(_ stream: StreamName) async throws -> [RecordedEvent] {
        try await read(stream, after: .zero, limit: nil)
    }
}
