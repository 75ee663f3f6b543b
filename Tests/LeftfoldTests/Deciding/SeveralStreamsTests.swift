import Foundation
import Leftfold
import LeftfoldTesting
import Testing

@Suite("A command on several streams")
struct SeveralStreamsTests {
    let store = InMemoryEventStore()
    let a = UUID()
    let b = UUID()

    @Test("changes all of them in one commit, and tells where each is")
    func transfer() async throws {
        let bus = bank(on: store)
        let (one, two) = (try await bus.openAccount(a, balance: 10), try await bus.openAccount(b))
        let context = CommandContext.teller()
        let receipt = try await bus.send(Transfer(from: one, to: two, amount: 4), context)
        #expect(receipt == Receipt([StreamProgress(stream(of: one), at: 3), StreamProgress(stream(of: two), at: 2)], at: 5, in: .first))
        #expect(try await store.read(after: 3, limit: 10).map(\.commandID) == [context.commandID, context.commandID])
        #expect(try await balances(one, two) == [6, 4])
        let entry = try #require(try await store.journalEntry(for: context.commandID))
        #expect(entry.stream == stream(of: one).rawValue)
        #expect((entry.firstPosition, entry.lastPosition) == (4, 5))
    }

    @Test("is tested without a store, on what happened before in any of them")
    func given() throws {
        let (one, two) = (StreamID<Account>(a), StreamID<Account>(b))
        let before =
            Changes(.opened(owner: "Ada"), .deposited(amount: 5), to: one) + Changes(.opened(owner: "Bob"), to: two)
            + Changes(.deposited(amount: 2), to: one)
        let log = LeftfoldTesting.given(before)
        #expect(
            try log.when(Transfer(from: a, to: b, amount: 7))
                == .events(Changes(.withdrawn(amount: 7), to: one) + Changes(.deposited(amount: 7), to: two)))
        #expect(try log.when(Transfer(from: a, to: b, amount: 8)) == .rejected(Rejected(Account.Rejection.tooLittleMoney)))
        #expect(try log.when(Transfer(from: a, to: UUID(), amount: 1)) == .rejected(Rejected(Account.Rejection.notOpen)))
        #expect(try log.when(Transfer(from: a, to: b, amount: -1)) == .invalid("amount", "must not be negative"))
        #expect(try log.when(Transfer(from: a, to: b, amount: 0)) == .events(.none))
        #expect(try log.when(Withdraw(id: a, amount: 7)) == .events([.withdrawn(amount: 7)]))
        #expect(throws: RepeatedStream(one.name)) { try log.when(Transfer(from: a, to: a, amount: 1)) }
        #expect(throws: (any Error).self) { try log.when(Stray(from: a, to: b)) }
    }

    @Test("says no without a trace in any of them, and is on record for the first")
    func rejected() async throws {
        let bus = bank(on: store)
        let (one, two) = (try await bus.openAccount(a, balance: 3), try await bus.openAccount(b))
        let context = CommandContext.teller()
        await #expect(throws: Rejected(Account.Rejection.tooLittleMoney)) {
            try await bus.send(Transfer(from: one, to: two, amount: 4), context)
        }
        #expect(try await store.head() == 3)
        let entry = try #require(try await store.journalEntry(for: context.commandID))
        #expect(entry.outcome == .refused(.rejected))
        #expect(entry.stream == stream(of: one).rawValue)
    }

    @Test("is refused if it names one of them twice, and that is on record")
    func toItself() async throws {
        let bus = bank(on: store)
        _ = try await bus.openAccount(a, balance: 3)
        let context = CommandContext.teller()
        await #expect(throws: RepeatedStream(stream(of: a))) { try await bus.send(Transfer(from: a, to: a, amount: 1), context) }
        let entry = try #require(try await store.journalEntry(for: context.commandID))
        #expect(entry.outcome == .refused(.invalid))
        #expect(entry.code == "repeated_stream")
        #expect(try await store.head() == 2)
    }

    @Test("may change nothing, which tells all of them")
    func nothing() async throws {
        let bus = bank(on: store)
        let (one, two) = (try await bus.openAccount(a, balance: 3), try await bus.openAccount(b))
        let receipt = try await bus.send(Transfer(from: one, to: two, amount: 0), .teller())
        #expect(receipt == Receipt([StreamProgress(stream(of: one), at: 2), StreamProgress(stream(of: two), at: 1)], at: 3, in: .first))
    }

    @Test("has one effect and one answer, however often it is sent")
    func repeated() async throws {
        let bus = bank(on: store)
        let (one, two) = (try await bus.openAccount(a, balance: 3), try await bus.openAccount(b))
        let context = CommandContext.teller()
        let receipt = try await bus.send(Transfer(from: one, to: two, amount: 3), context)
        for bus in [bus, bank(on: store)] {
            #expect(try await bus.send(Transfer(from: one, to: two, amount: 3), context) == receipt)
        }
        await #expect(throws: CommandIDReused(context.commandID)) {
            try await bus.send(Transfer(from: one, to: two, amount: 1), context)
        }
        #expect(try await balances(one, two) == [0, 3])
    }

    @Test("passes a claim from one stream to another")
    func claims() async throws {
        let bus = bank(on: store)
        let one = try await bus.openAccount(a, balance: 7)
        let receipt = try await bus.send(MoveAccount(from: one, to: b), .teller())
        #expect(receipt.streams == [StreamProgress(stream(of: one), at: 4), StreamProgress(stream(of: b), at: 2)])
        #expect(try await balances(one, b) == [0, 7])
        #expect(try await store.holders(of: [Claim("account_owner", "owner of \(one)")]).values.map(\.self) == [stream(of: b)])
    }

    @Test("is decided on the newest states, whether a remembered one says yes or no")
    func stale() async throws {
        let (here, there) = (bank(on: store), bank(on: store))
        let (one, two) = (try await here.openAccount(a, balance: 5), try await here.openAccount(b))
        _ = try await there.send(Withdraw(id: one, amount: 5), .teller())
        await #expect(throws: Rejected(Account.Rejection.tooLittleMoney)) {
            try await here.send(Transfer(from: one, to: two, amount: 5), .teller())
        }
        _ = try await there.send(Deposit(id: one, amount: 9), .teller())
        #expect(try await here.send(Transfer(from: one, to: two, amount: 9), .teller()).streams.map(\.version) == [5, 2])
        _ = try await there.send(CloseAccount(id: two), .teller())
        _ = try await there.send(Deposit(id: one, amount: 9), .teller())
        await #expect(throws: Rejected(Account.Rejection.notOpen)) {
            try await here.send(Transfer(from: one, to: two, amount: 0), .teller())
        }
    }

    @Test("is checked against the version of the first stream that the client names", arguments: [0, 1, 3] as [StreamVersion])
    func expectedVersion(wrong: StreamVersion) async throws {
        let (here, there) = (bank(on: store), bank(on: store))
        let (one, two) = (try await here.openAccount(a), try await here.openAccount(b))
        // Of which this process has not heard.
        _ = try await there.send(Deposit(id: one, amount: 5), .teller())
        await #expect(throws: WrongExpectedVersion(stream: stream(of: one), expected: wrong, actual: 2)) {
            try await here.send(Transfer(from: one, to: two, amount: 5), .teller(expecting: wrong))
        }
        let receipt = try await there.send(Transfer(from: one, to: two, amount: 1), .teller(expecting: 2))
        #expect(receipt.version == 3)
        #expect(try await here.send(Transfer(from: one, to: two, amount: 1), .teller(expecting: 3)).version == 4)
    }

    @Test("is decided again where another stream than the one that the client named has moved on")
    func conflictElsewhere() async throws {
        let (here, there) = (bank(on: store), bank(on: store))
        let (one, two) = (try await here.openAccount(a, balance: 5), try await here.openAccount(b))
        _ = try await there.send(Deposit(id: two, amount: 1), .teller())
        #expect(try await here.send(Transfer(from: one, to: two, amount: 5), .teller(expecting: 2)).streams.map(\.version) == [3, 3])
        #expect(try await balances(one, two) == [0, 6])
    }

    @Test("gets the conflict when the attempts are used up")
    func usedUp() async throws {
        let troubled = TroubledStore()
        let bus = bank(on: troubled, attempts: 3)
        let (one, two) = (try await bus.openAccount(a, balance: 5), try await bus.openAccount(b))
        for _ in 1...3 { troubled.cause(.conflict) }
        await #expect(throws: WrongExpectedVersion(stream: stream(of: one), expected: 2, actual: 3)) {
            try await bus.send(Transfer(from: one, to: two, amount: 5), .teller())
        }
        #expect(troubled.troublesLeft == 0)
        #expect(try await bus.send(Transfer(from: one, to: two, amount: 5), .teller()).version == 3)
    }

    @Test("fails where it changes a stream that it does not name: a mistake of its code")
    func stray() async throws {
        let bus = CommandBus(store: store, policy: bankPolicy, commands: [Stray.self])
        let context = CommandContext.teller()
        await #expect(throws: (any Error).self) { try await bus.send(Stray(from: a, to: b), context) }
        #expect(try await store.journalEntry(for: context.commandID)?.outcome == .refused(.failed))
        #expect(try await store.head() == .zero)
    }

    @Test("keeps the sum of all accounts, whatever goes on at once", arguments: SeededGenerator.seeds(4))
    func sum(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let store = LingeringStore()
        let buses = [0, 4, 20_000, 20_000].map { bank(on: store, cache: AggregateCache(capacity: $0), attempts: 1_000) }
        var accounts: [UUID] = []
        for _ in 0..<5 { accounts.append(try await buses[0].openAccount(balance: 100)) }
        let transfers = (0..<200).map { _ in
            let pair = accounts.shuffled(using: &random)
            return Transfer(from: pair[0], to: pair[1], amount: .random(in: 0...60, using: &random))
        }
        let accepted = try await withThrowingTaskGroup(of: Bool.self) { group in
            for (number, transfer) in transfers.enumerated() {
                group.addTask {
                    do {
                        _ = try await buses[number % 4].send(transfer, .teller())
                        return true
                    } catch let no as Rejected where no == Rejected(Account.Rejection.tooLittleMoney) {
                        return false
                    }
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(accepted > 0)
        let log = try await store.read(after: .zero, limit: .max)
        var states: [StreamName: Account] = [:]
        var paid = 0
        for event in log {
            for change in try event.decode(as: Account.self) { states[event.stream, default: Account()].evolve(change) }
            #expect(states[event.stream]?.balance ?? 0 >= 0)
            if event.position > 10 { paid += event.type == "MoneyWithdrawn" ? 1 : -1 }
            // Between two commands nothing is on its way.
            if paid == 0, event.position >= 10 { #expect(states.values.reduce(0) { $0 + $1.balance } == 500) }
        }
        #expect(paid == 0)
    }

    private func balances(_ accounts: UUID...) async throws -> [Int] {
        var balances: [Int] = []
        for account in accounts {
            let events = try await store.read(stream(of: account)).flatMap { try $0.decode(as: Account.self) }
            balances.append(Account(replaying: events).balance)
        }
        return balances
    }
}

/// Changes a stream that is not among its targets.
private struct Stray: Command {
    static let permission: Permission = "accounts:use"
    var from: UUID
    var to: UUID
    var target: StreamIDs<Account, Account> { StreamIDs(StreamID(from), StreamID(to)) }
    func decide(_ accounts: Streams<Account, Account>) throws(Rejected) -> Changes {
        Changes(.deposited(amount: 1), to: StreamID<Account>(UUID()))
    }
}
