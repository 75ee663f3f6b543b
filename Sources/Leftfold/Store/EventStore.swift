public import Foundation

/// The log. `InMemoryEventStore` is its definition in Swift; `LeftfoldPostgres` keeps it in PostgreSQL. One contract
/// suite (`LeftfoldTesting`) holds for both.
public protocol EventStore: Sendable {
    /// Decides one command's append, atomically with its journal row. See ``AppendResult`` for what can come of it.
    ///
    /// Throws ``OutcomeUnknown`` or ``Unavailable`` when the store cannot tell or cannot be reached.
    func append(_ request: AppendRequest) async throws -> AppendResult

    /// The events of one stream after a version, in order. Empty for an unknown stream.
    func read(_ stream: StreamName, after version: StreamVersion, limit: Int?) async throws -> [RecordedEvent]

    /// The whole log after a position, in order, without a hole.
    func read(after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent]

    /// The last position, `.zero` when the log is empty.
    func head() async throws -> GlobalPosition

    /// The journal row of a command.
    func journalEntry(for commandID: UUID) async throws -> JournalEntry?

    /// The newest journal rows first.
    func journal(_ filter: JournalFilter) async throws -> [JournalEntry]

    /// Who holds these claims now. Free claims are absent.
    func holders(of claims: [Claim]) async throws -> [Claim: StreamName]
}

extension EventStore {
    public func read(_ stream: StreamName) async throws -> [RecordedEvent] {
        try await read(stream, after: .zero, limit: nil)
    }
}
