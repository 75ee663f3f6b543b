import Leftfold
import LeftfoldTesting
import Testing

@Suite("The store in memory")
struct InMemoryEventStoreTests {
    @Test("keeps the contract", arguments: EventStoreContract.all)
    func keepsTheContract(_ check: EventStoreContract.Check) async throws {
        try await check.run(on: InMemoryEventStore())
    }

    @Test("keeps the contract on a store that is not empty")
    func keepsTheContractOnOneStore() async throws {
        let store = InMemoryEventStore()
        for check in EventStoreContract.all { try await check.run(on: store) }
    }

    @Test("answers random work as a second one does", arguments: SeededGenerator.seeds(4))
    func answersAlike(seed: UInt64) async throws {
        try await EventStoreComparison(seed: seed).run(on: InMemoryEventStore(), batches: 200)
    }
}
