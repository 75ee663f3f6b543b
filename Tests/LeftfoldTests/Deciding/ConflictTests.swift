import Foundation
import Leftfold
import Testing

@Suite("Conflicts with other processes")
struct ConflictTests {
    @Test("are decided again, up to the number of attempts", arguments: 1...5)
    func retried(attempts: Int) async throws {
        let store = TroubledStore()
        let bus = bank(on: store, attempts: attempts)
        let account = try await bus.openAccount()
        for _ in 1..<attempts { store.cause(.conflict) }
        #expect(try await bus.send(Deposit(id: account, amount: 5), .teller()).version == 2)
        #expect(store.troublesLeft == 0)
    }

    @Test("are told when the attempts are used up", arguments: 1...5)
    func usedUp(attempts: Int) async throws {
        let store = TroubledStore()
        let bus = bank(on: store, attempts: attempts)
        let account = try await bus.openAccount()
        for _ in 1...attempts { store.cause(.conflict) }
        let context = CommandContext.teller()
        await #expect(throws: WrongExpectedVersion(stream: stream(of: account), expected: 1, actual: 2)) {
            try await bus.send(Deposit(id: account, amount: 5), context)
        }
        #expect(store.troublesLeft == 0)
        #expect(try await store.head() == 1)
        #expect(try await store.journalEntry(for: context.commandID)?.outcome == .refused(.conflict))
    }

    /// What was stored without an answer is this process's own doing: the next decision must know of it.
    @Test("do not come of an answer that was lost", arguments: [false, true])
    func lostAnswer(isRepeated: Bool) async throws {
        let store = TroubledStore()
        let bus = bank(on: store, attempts: 1)
        let account = try await bus.openAccount()
        let lost = CommandContext.teller()
        store.cause(.errorAfterwards(OutcomeUnknown(lost.commandID)))
        await #expect(throws: OutcomeUnknown.self) { try await bus.send(Deposit(id: account, amount: 5), lost) }
        if isRepeated { #expect(try await bus.send(Deposit(id: account, amount: 5), lost).version == 2) }
        #expect(try await bus.send(Deposit(id: account, amount: 7), .teller()).version == 3)
    }

    @Test("with the client's expected version are never retried")
    func clientsVersion() async throws {
        let store = TroubledStore()
        let bus = bank(on: store)
        let account = try await bus.openAccount()
        store.cause(.conflict, .conflict)
        await #expect(throws: WrongExpectedVersion(stream: stream(of: account), expected: 1, actual: 2)) {
            try await bus.send(Deposit(id: account, amount: 5), .teller(expecting: 1))
        }
        #expect(store.troublesLeft == 1)
    }

    @Test("the client's expected version is checked", arguments: [0, 1, 3] as [StreamVersion])
    func clientsWrongVersion(expected: StreamVersion) async throws {
        let store = InMemoryEventStore()
        let bus = bank(on: store)
        let account = try await bus.openAccount(balance: 1)
        for bus in [bus, bank(on: store)] {
            await #expect(throws: WrongExpectedVersion(stream: stream(of: account), expected: expected, actual: 2)) {
                try await bus.send(Deposit(id: account, amount: 5), .teller(expecting: expected))
            }
        }
        #expect(try await bus.send(Deposit(id: account, amount: 5), .teller(expecting: 2)).version == 3)
    }

    @Test("the client's expected version may be newer than what the process remembers")
    func clientIsAhead() async throws {
        let store = InMemoryEventStore()
        let (here, there) = (bank(on: store), bank(on: store))
        let account = try await here.openAccount()
        _ = try await there.send(Deposit(id: account, amount: 5), .teller())
        #expect(try await here.send(Deposit(id: account, amount: 5), .teller(expecting: 2)).version == 3)
    }

    @Test("a no on a remembered state is decided again on the newest")
    func staleNo() async throws {
        let store = InMemoryEventStore()
        let (here, there) = (bank(on: store), bank(on: store))
        let account = try await here.openAccount()
        _ = try await there.send(Deposit(id: account, amount: 5), .teller())
        #expect(try await here.send(Withdraw(id: account, amount: 5), .teller()).version == 3)
    }

    @Test("a yes on a remembered state is decided again on the newest")
    func staleYes() async throws {
        let store = InMemoryEventStore()
        let (here, there) = (bank(on: store), bank(on: store))
        let account = try await here.openAccount(balance: 5)
        _ = try await there.send(Withdraw(id: account, amount: 5), .teller())
        await #expect(throws: Rejected(Account.Rejection.tooLittleMoney)) {
            try await here.send(Withdraw(id: account, amount: 5), .teller())
        }
        #expect(try await store.head() == 3)
    }

    @Test("nothing to change is believed only of the newest state")
    func staleNothing() async throws {
        let store = InMemoryEventStore()
        let (here, there) = (bank(on: store), bank(on: store))
        let account = try await here.openAccount()
        _ = try await there.send(CloseAccount(id: account), .teller())
        await #expect(throws: Rejected(Account.Rejection.notOpen)) {
            try await here.send(Deposit(id: account, amount: 0), .teller())
        }
    }

    @Test("without a cache nothing is different", arguments: [0, 2, 20_000])
    func anyCache(capacity: Int) async throws {
        let store = InMemoryEventStore()
        let bus = bank(on: store, cache: AggregateCache(capacity: capacity))
        var accounts: [UUID] = []
        for _ in 1...5 { accounts.append(try await bus.openAccount(balance: 2)) }
        for account in accounts { _ = try await bus.send(Withdraw(id: account, amount: 1), .teller()) }
        for account in accounts { #expect(try await bus.send(CloseAccount(id: account), .teller()).version == 5) }
    }

    @Test("A command that opens a stream reads nothing")
    func opensWithoutReading() async throws {
        let store = TroubledStore()
        _ = try await bank(on: store).openAccount()
        #expect(store.streamReads == 0)
    }

    @Test("A command that opens a stream that exists is decided again on what is there", arguments: [0, 100])
    func opensWhatExists(cacheCapacity: Int) async throws {
        let store = InMemoryEventStore()
        let account = try await bank(on: store).openAccount()
        let other = bank(on: store, cache: AggregateCache(capacity: cacheCapacity))
        await #expect(throws: Rejected(Account.Rejection.alreadyOpen)) {
            try await other.send(OpenAccount(id: account, owner: "somebody else"), .teller())
        }
        _ = try await other.send(CloseAccount(id: account), .teller())
        #expect(try await bank(on: store).send(OpenAccount(id: account, owner: "a third"), .teller()).version == 3)
    }
}
