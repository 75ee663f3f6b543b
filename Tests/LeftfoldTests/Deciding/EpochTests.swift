import Foundation
import Leftfold
import Testing

/// The log has lost its end, to a failover or a restore, and goes on otherwise.
@Suite("Another epoch of the log")
struct EpochTests {
    private let second = LogEpoch(rawValue: 4711)

    @Test("Nothing is decided on what is lost, and lost commands are stored when they come again", arguments: [true, false])
    func lost(isTold: Bool) async throws {
        let store = InMemoryEventStore()
        let bus = bank(on: store)
        let account = try await bus.openAccount(balance: 10)
        let backup = store.backUp()
        let (closing, id) = (CloseAccount(id: account), UUID())
        _ = try await bus.send(closing, .teller(id))
        store.restore(backup, entering: isTold ? second : nil)

        // Remembered as closed, it would be refused.
        let deposit = try await bus.send(Deposit(id: account, amount: 1), .teller())
        #expect(deposit.streams.first?.version == 3)
        let again = try await bus.send(closing, .teller(id))
        #expect(again.streams.first?.version == 5)
        #expect(try await store.journalEntry(for: id)?.outcome == .accepted)
    }

    @Test("What was decided before it is decided again, once")
    func decidedBefore() async throws {
        let store = InMemoryEventStore()
        let account = try await bank(on: store).openAccount(balance: 10)
        let moved = Recording()
        // The log goes over while the command is decided.
        let handler = CommandHandler(for: Withdraw.self) { command, _ in
            if moved.all.isEmpty {
                moved.note("moved")
                store.restore(store.backUp(), entering: second)
            }
            return command
        }
        let receipt = try await bank(on: store, handlers: [handler]).send(Withdraw(id: account, amount: 10), .teller())
        #expect(receipt.epoch == second)
        #expect(try await store.read(stream(of: account)).count == 3)
    }

    @Test("A refusal that was decided before it is not recorded after it")
    func refusedBefore() async throws {
        let store = InMemoryEventStore()
        let account = try await bank(on: store).openAccount()
        let id = UUID()
        let recorded = Recording()
        let bus = bank(on: store, middleware: [Moving(store: store, epoch: second, recorded: recorded)])
        // It is decided again, and then it is.
        await #expect(throws: Rejected.self) { try await bus.send(Withdraw(id: account, amount: 10), .teller(id)) }
        #expect(try await store.journalEntry(for: id)?.code == "too_little_money")
        #expect(recorded.all == ["refused", "refused"])
    }

    @Test("Tokens of positions that are still there are good; the others are refused, whatever is there now")
    func tokens() async throws {
        let history = LogHistory()
        let (first, third) = (history.epoch, LogEpoch(rawValue: 12))
        let second = try #require(second)
        #expect(first.token(for: 7) == 7)
        #expect(history.known(7) == 7)
        history.reached(20, in: first)
        #expect(history.enter(second, ended: [first: 10]) == .entered(from: first, kept: 10, head: 20))
        for (token, position) in [(10, 10 as GlobalPosition?), (11, nil), (second.token(for: 11), 11), (-1, nil), (.max, nil)] {
            #expect(history.known(token) == position)
        }
        #expect(second.token(for: 11) < 1 << 53, "JSON readers know it")
        await #expect(throws: PositionLost.self) { try await history.position(of: 11) }

        // What cannot be asked about is not said to be lost.
        for (wasAsked, token) in [(true, LogEpoch(rawValue: 99)), (false, LogEpoch(rawValue: 99))] {
            let unknown = LogHistory()
            unknown.askBy { wasAsked }
            #expect(await unknown.current() == nil)
            let error = await #expect(throws: (any Error).self) { try await unknown.position(of: try #require(token).token(for: 1)) }
            #expect(wasAsked ? error is PositionLost : error is Unavailable)
        }

        // A server that was left behind is not believed; a third epoch is.
        #expect(history.enter(first, ended: [:]) == .leftBehind)
        #expect(history.enter(try #require(third), ended: [first: 5, second: 12]) == .entered(from: second, kept: 12, head: 0))
        #expect(history.known(6) == nil && history.known(second.token(for: 12)) == 12 && history.known(second.token(for: 13)) == nil)
    }
}

/// Lets the log go over when a command has been refused.
private struct Moving: CommandMiddleware {
    let store: InMemoryEventStore
    let epoch: LogEpoch?
    let recorded: Recording

    func handle<C: Command>(
        _ command: C, _ context: CommandContext, next: @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt {
        do {
            return try await next(command, context)
        } catch {
            recorded.note("refused")
            store.restore(store.backUp(), entering: epoch)
            throw error
        }
    }
}
