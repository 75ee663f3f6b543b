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
}
