public import Foundation

/// The log. `InMemoryEventStore` is its definition in Swift; `LeftfoldPostgres` keeps it in PostgreSQL. One contract
/// suite (`LeftfoldTesting`) holds for both.
public protocol EventStore: Sendable {
    /// Decides one command's append, atomically with its journal row. See ``AppendResult`` for what can come of it.
    ///
    /// Throws ``OutcomeUnknown`` or ``Unavailable`` when the store cannot tell or cannot be reached.
    func append(_ request: AppendRequest) async throws -> AppendResult

    /// Appends in order what was decided on one another's outcome: each only if the one before it was appended, too, by
    /// this call. The others are answered ``AppendResult/predecessorNotAppended``; one whose command id is known may be
    /// given its first answer instead.
    ///
    /// If it throws anything but ``OutcomeUnknown``, nothing of the chain was written. The default appends one by one.
    func append(_ chain: [AppendRequest]) async throws -> [AppendResult]

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
    public func append(_ chain: [AppendRequest]) async throws -> [AppendResult] { try await appendOneByOne(chain) }

    /// The same with an append for each. Of those before an error the results are told; the one that
    /// caused it, unless it is the first, is left to be decided and sent again.
    func appendOneByOne(_ chain: [AppendRequest]) async throws -> [AppendResult] {
        var results: [AppendResult] = []
        for request in chain {
            do {
                results.append(results.allSatisfy(\.isAppended) ? try await append(request) : .predecessorNotAppended)
            } catch let error as OutcomeUnknown {
                // It may be stored: sent again it could be told that nothing was, if the store is away by then.
                throw error
            } catch  where !results.isEmpty {
                results.append(.predecessorNotAppended)
            }
        }
        return results
    }

    public func read(_ stream: StreamName) async throws -> [RecordedEvent] {
        try await read(stream, after: .zero, limit: nil)
    }
}
