import Leftfold
import LeftfoldPostgres
import LeftfoldTesting
import TestSupport
import Testing

@Suite(.needsServer) struct ContractTests {
    @Test("PostgreSQL keeps the contract of the event store", arguments: EventStoreContract.all)
    func keeps(_ check: EventStoreContract.Check) async throws {
        try await TestDatabase.with { try await check.run(on: $0.store) }
    }
}
