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

    /// A command without events sends the whole call the careful way.
    @Test("It keeps the contract among other commands, too", arguments: EventStoreContract.all)
    func keepsAmongOthers(_ check: EventStoreContract.Check) async throws {
        try await TestDatabase.with { try await check.run(on: AmongOthers(database: $0)) }
    }

    @Test("It answers random work as the store in memory does", arguments: SeededGenerator.seeds(6))
    func answersAlike(seed: UInt64) async throws {
        try await TestDatabase.with { try await EventStoreComparison(seed: seed).run(on: $0.store) }
    }

    @Test("It answers random chains in one call as the store in memory does one by one", arguments: SeededGenerator.seeds(12))
    func answersAlikeTogether(seed: UInt64) async throws {
        try await TestDatabase.with { database in
            try await EventStoreComparison(seed: seed).run(on: database.store, batches: 100) { batch in
                let sql = try AppendCall.sql(for: batch, in: database.log)
                return try AppendCall.answers(try await database.pool.execute(sql), to: batch)
            }
        }
    }
}

/// Appends everything in one call with commands that have nothing to do with it and leave no event.
private struct AmongOthers: EventStore {
    let database: LeftfoldDatabase
    var history: LogHistory { database.store.history }

    func append(_ chain: [Append]) async throws -> [AppendAnswer] {
        if chain.isEmpty { return [] }
        let chains = [[try other()], chain, [try other()]]
        let sql = try AppendCall.sql(for: chains, in: database.log)
        return try AppendCall.answers(try await database.pool.execute(sql), to: chains)[1]
    }

    private func other() throws -> Append {
        var command = Note.command("other")
        command.name = "Other"
        return try Append(command, [])
    }

    func record(_ refused: RefusedCommand) async throws -> RecordAnswer { try await database.store.record(refused) }
    func read(_ stream: StreamName, after version: StreamVersion, limit: Int?) async throws -> [RecordedEvent] {
        try await database.store.read(stream, after: version, limit: limit)
    }
    func read(after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent] {
        try await database.store.read(after: position, limit: limit)
    }
    func read(matching query: EventQuery, after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent] {
        try await database.store.read(matching: query, after: position, limit: limit)
    }
    func head() async throws -> GlobalPosition { try await database.store.head() }
    func journalEntry(for commandID: UUID) async throws -> JournalEntry? { try await database.store.journalEntry(for: commandID) }
    func journal(_ filter: JournalFilter) async throws -> [JournalEntry] {
        var all = filter
        all.limit = filter.limit * 3
        return Array(try await database.store.journal(all).filter { $0.name != "Other" }.prefix(filter.limit))
    }
    func holders(of claims: [Claim]) async throws -> [Claim: StreamName] { try await database.store.holders(of: claims) }
    func takeOver(_ follower: FollowerName) async throws -> Checkpoint { try await database.store.takeOver(follower) }
}
