import Foundation
import Leftfold

/// A store that appends in a way of its own to one in memory.
protocol StoreOnTop: EventStore {
    var base: InMemoryEventStore { get }
}

extension StoreOnTop {
    func read(_ stream: StreamName, after version: StreamVersion, limit: Int?) async throws -> [RecordedEvent] {
        try await base.read(stream, after: version, limit: limit)
    }
    func read(after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent] {
        try await base.read(after: position, limit: limit)
    }
    func head() async throws -> GlobalPosition { try await base.head() }
    func journalEntry(for commandID: UUID) async throws -> JournalEntry? { try await base.journalEntry(for: commandID) }
    func journal(_ filter: JournalFilter) async throws -> [JournalEntry] { try await base.journal(filter) }
    func holders(of claims: [Claim]) async throws -> [Claim: StreamName] { try await base.holders(of: claims) }
}
