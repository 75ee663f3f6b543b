import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

@Suite struct ContractTests {
    @Test("PostgreSQL keeps the contract of the event store", arguments: EventStoreContract.all)
    func keeps(_ check: EventStoreContract.Check) async throws {
        try await TestDatabase.with { try await check.run(on: $0.store) }
    }

    /// `leftfold.append` decides a lone command in one way and many at once in another.
    @Test("It keeps the contract among other commands, too", arguments: EventStoreContract.all)
    func keepsAmongOthers(_ check: EventStoreContract.Check) async throws {
        try await TestDatabase.with { try await check.run(on: AmongOthers(database: $0)) }
    }
}

/// Appends everything in one call with commands that have nothing to do with it and leave no event.
private struct AmongOthers: EventStore {
    let database: LeftfoldDatabase

    func append(_ request: AppendRequest) async throws -> AppendResult { try await append([request])[0] }

    func append(_ chain: [AppendRequest]) async throws -> [AppendResult] {
        if chain.isEmpty { return [] }
        let chains = [[other()], chain, [other()]]
        return try AppendCall.results(try await database.pool.execute(AppendCall.sql(for: chains)), for: chains)[1]
    }

    private func other() -> AppendRequest {
        AppendRequest(
            commandID: UUID(), content: Array("other".utf8), commandName: "Other", principal: "other", correlationID: "other",
            receivedAt: Date(), stream: nil, write: .refusal(.denied, code: "forbidden"))
    }

    func read(_ stream: StreamName, after version: StreamVersion, limit: Int?) async throws -> [RecordedEvent] {
        try await database.store.read(stream, after: version, limit: limit)
    }
    func read(after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent] {
        try await database.store.read(after: position, limit: limit)
    }
    func head() async throws -> GlobalPosition { try await database.store.head() }
    func journalEntry(for commandID: UUID) async throws -> JournalEntry? { try await database.store.journalEntry(for: commandID) }
    func journal(_ filter: JournalFilter) async throws -> [JournalEntry] {
        var all = filter
        all.limit = filter.limit * 3
        return Array(try await database.store.journal(all).filter { $0.name != "Other" }.prefix(filter.limit))
    }
    func holders(of claims: [Claim]) async throws -> [Claim: StreamName] { try await database.store.holders(of: claims) }
}
