import Foundation
import Leftfold
import Testing

@Suite("A command id has one effect and one answer (I10)")
struct RepeatedCommandTests {
    let store = InMemoryEventStore()
    let account = UUID()

    @Test("also when the state has moved on and would say no")
    func acceptedStaysAccepted() async throws {
        let bus = bank(on: store)
        let open = CommandContext.teller()
        let first = try await bus.send(OpenAccount(id: account, owner: "Ada"), open)
        let deposit = CommandContext.teller()
        let second = try await bus.send(Deposit(id: account, amount: 5), deposit)
        _ = try await bus.send(CloseAccount(id: account), .teller())
        let head = try await store.head()

        for bus in [bus, bank(on: store)] {
            #expect(try await bus.send(OpenAccount(id: account, owner: "Ada"), open) == first)
            #expect(try await bus.send(Deposit(id: account, amount: 5), deposit) == second)
        }
        #expect(try await store.head() == head)
    }

    @Test("also when the client's expected version is history")
    func expectedVersionIsHistory() async throws {
        let bus = bank(on: store)
        let account = try await bus.openAccount()
        let context = CommandContext.teller(expecting: 1)
        let receipt = try await bus.send(Deposit(id: account, amount: 5), context)
        #expect(try await bus.send(Deposit(id: account, amount: 5), context) == receipt)
        #expect(try await store.head() == 2)
    }

    @Test("also when it is spelled otherwise but has the same normal form")
    func sameNormalForm() async throws {
        let bus = bank(on: store)
        let context = CommandContext.teller()
        let receipt = try await bus.send(OpenAccount(id: account, owner: "Ada"), context)
        #expect(try await bus.send(OpenAccount(id: account, owner: " Ada "), context) == receipt)
    }

    @Test("a no stays a no when the state would say yes by now")
    func rejectedStaysRejected() async throws {
        let bus = bank(on: store)
        let context = CommandContext.teller()
        await #expect(throws: Rejected.self) { try await bus.send(Deposit(id: account, amount: 5), context) }
        _ = try await bus.openAccount(account)
        await #expect(throws: AnsweredBefore(recorded: .rejected, code: "not_open")) {
            try await bus.send(Deposit(id: account, amount: 5), context)
        }
        #expect(try await store.head() == 1)
    }

    @Test("the first no is repeated when the state would say another")
    func firstCode() async throws {
        let bus = bank(on: store)
        let context = CommandContext.teller()
        await #expect(throws: Rejected.self) { try await bus.send(Withdraw(id: account, amount: 5), context) }
        _ = try await bus.openAccount(account)
        await #expect(throws: AnsweredBefore(recorded: .rejected, code: "not_open")) {
            try await bus.send(Withdraw(id: account, amount: 5), context)
        }
    }

    @Test("the same no is told in full again")
    func sameNo() async throws {
        let bus = bank(on: store)
        let context = CommandContext.teller()
        for _ in 1...2 {
            await #expect(throws: Rejected(code: "not_open", message: "No.")) {
                try await bus.send(Deposit(id: account, amount: 5), context)
            }
        }
        #expect(try await store.journal(JournalFilter()).count == 1)
    }

    @Test("the same id with another command, content, principal, tenant or expected version is refused")
    func reused() async throws {
        let bus = bank(on: store)
        let account = try await bus.openAccount()
        let context = CommandContext.teller()
        _ = try await bus.send(Deposit(id: account, amount: 5), context)
        let head = try await store.head()

        let reused = CommandIDReused(context.commandID)
        await #expect(throws: reused) { try await bus.send(Deposit(id: account, amount: 6), context) }
        await #expect(throws: reused) { try await bus.send(Withdraw(id: account, amount: 5), context) }
        await #expect(throws: reused) { try await bus.send(Deposit(id: UUID(), amount: 5), context) }
        await #expect(throws: reused) { try await bus.send(Deposit(id: account, amount: -1), context) }
        await #expect(throws: reused) { try await bus.send(named: "Deposit", json: Array("{".utf8), context) }
        var other = context
        other.principal.subject = "another"
        await #expect(throws: reused) { try await bus.send(Deposit(id: account, amount: 5), other) }
        other = context
        other.principal.tenant = "another"
        await #expect(throws: reused) { try await bus.send(Deposit(id: account, amount: 5), other) }
        other = context
        other.expectedVersion = 2
        await #expect(throws: reused) { try await bus.send(Deposit(id: account, amount: 5), other) }
        other = context
        other.expectedVersions = [2, 3]
        await #expect(throws: reused) { try await bus.send(Deposit(id: account, amount: 5), other) }
        other.principal = stranger
        // Rights are asked before anything else: whose id it is, is not theirs to know.
        await #expect(throws: Forbidden("accounts:use")) { try await bus.send(Deposit(id: account, amount: 5), other) }
        #expect(try await store.head() == head)
        #expect(try await store.journalEntry(for: context.commandID)?.outcome == .accepted)
    }

    @Test("sent many times at once, over several processes")
    func atOnce() async throws {
        let buses = (1...3).map { _ in bank(on: store, attempts: 100) }
        let account = try await buses[0].openAccount()
        let context = CommandContext.teller()
        let receipts = try await withThrowingTaskGroup(of: Receipt.self) { group in
            for number in 0..<24 {
                group.addTask { try await buses[number % 3].send(Deposit(id: account, amount: 5), context) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(receipts == Array(repeating: Receipt(stream: stream(of: account), version: 2, position: 2, epoch: .first), count: 24))
    }
}
