import Foundation
import Leftfold

/// A store that appends in a way of its own to one in memory.
protocol StoreOnTop: EventStore {
    var base: InMemoryEventStore { get }
}

extension StoreOnTop {
    var history: LogHistory { base.history }
    func record(_ refused: RefusedCommand) async throws -> RecordAnswer { try await base.record(refused) }
    func read(_ stream: StreamName, after version: StreamVersion, limit: Int?) async throws -> [RecordedEvent] {
        try await base.read(stream, after: version, limit: limit)
    }
    func read(after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent] {
        try await base.read(after: position, limit: limit)
    }
    func read(matching query: EventQuery, after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent] {
        try await base.read(matching: query, after: position, limit: limit)
    }
    func head() async throws -> GlobalPosition { try await base.head() }
    func journalEntry(for commandID: UUID) async throws -> JournalEntry? { try await base.journalEntry(for: commandID) }
    func journal(_ filter: JournalFilter) async throws -> [JournalEntry] { try await base.journal(filter) }
    func holders(of claims: [Claim]) async throws -> [Claim: StreamName] { try await base.holders(of: claims) }
    func takeOver(_ follower: FollowerName) async throws -> Checkpoint { try await base.takeOver(follower) }
}
