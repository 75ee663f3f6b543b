import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import Testing

@Suite("The test kit, as its page tells it") struct TestKitPage {
    private let policy = RolePolicy(["teller": ["accounts:open", "accounts:deposit"]])
    private let context = CommandContext(commandID: UUID(), principal: Principal(subject: "ada", roles: ["teller"]))
    private let id = UUID()

    @Test("A database for each test")
    func database() async throws {
        try await TestDatabase.with { database in
            let commands = CommandBus(store: database.store, policy: policy, commands: [OpenAccount.self])
            let receipt = try await commands.send(OpenAccount(id: UUID(), owner: "Ada", number: "7"), context)
            #expect(receipt.position == 1)
        }
    }

    @Test("A projection on given events")
    func projection() async throws {
        try await TestDatabase.with(projecting: Balances()) { balances in
            try await balances.given(.opened(owner: "Ada", number: "7"), .deposited(amount: 5), in: StreamID<Account>(id))
            let balance = try await balances.query("SELECT balance FROM balances WHERE id = \(id)").first?.decode(Int.self)
            #expect(balance == 5)
            #expect(try await balances.verify())
        }
    }

    @Test("Trouble")
    func trouble() async throws {
        try await TestDatabase.with { database in
            let proxy = try CuttingProxy(to: database.configuration)
            let remote = LeftfoldDatabase(proxy.configuration, logger: TestDatabase.quiet)
            let commands = CommandBus(store: remote.store, policy: policy, commands: [OpenAccount.self])

            // Stored, and the connection ends before anybody is told: the append is sent again by itself.
            proxy.add(.cut(.after(.commandComplete), application: "append"))
            let command = OpenAccount(id: UUID(), owner: "Ada", number: "7")
            let receipt = try await commands.send(command, context)

            #expect(proxy.sightings.contains { $0.outcome == .cut })
            #expect(try await commands.send(command, context) == receipt)  // one id, one effect, one answer
            #expect(try await database.store.head() == 1)
            await remote.close()
            proxy.stop()
        }
    }
}
