import Foundation
import Leftfold
import Testing

private struct OtherDeposit: Command {
    static let name = "Deposit"
    static let permission: Permission = "accounts:use"
    var id: UUID
    var target: StreamID<Account> { StreamID(id) }
    func decide(_ account: Account) throws(Account.Rejection) -> [Account.Event] { [] }
}

private struct GetOwner: Query {
    typealias Answer = String
    static let permission: Permission = "accounts:read"
    static let reads: [ProjectionName] = []
}

private struct OtherGetOwner: Query {
    typealias Answer = Int
    static let name = "GetOwner"
    static let permission: Permission = "accounts:read"
    static let reads: [ProjectionName] = []
}

/// Each in a process of its own, which must not survive.
@Suite("Mistakes of the programmer trap at once")
struct MistakeTests {
    @Test("two commands of one name")
    func doubledCommand() async {
        await #expect(processExitsWith: .failure) {
            _ = CommandBus(store: InMemoryEventStore(), policy: bankPolicy, commands: [Deposit.self, OtherDeposit.self])
        }
    }

    @Test("two handlers for one command")
    func doubledHandler() async {
        await #expect(processExitsWith: .failure) {
            let handler = CommandHandler(for: Deposit.self) { command, _ in command }
            _ = CommandBus(
                store: InMemoryEventStore(), policy: bankPolicy, commands: [Deposit.self], handlers: [handler, handler])
        }
    }

    @Test("a handler for a command that is not among the commands, or for another of its name")
    func mismatchedHandler() async {
        await #expect(processExitsWith: .failure) {
            let handler = CommandHandler(for: Withdraw.self) { command, _ in command }
            _ = CommandBus(store: InMemoryEventStore(), policy: bankPolicy, commands: [Deposit.self], handlers: [handler])
        }
        await #expect(processExitsWith: .failure) {
            let handler = CommandHandler(for: OtherDeposit.self) { command, _ in command }
            _ = CommandBus(store: InMemoryEventStore(), policy: bankPolicy, commands: [Deposit.self], handlers: [handler])
        }
    }

    @Test("a command that the bus does not know, or another of its name")
    func unknownCommand() async {
        await #expect(processExitsWith: .failure) {
            _ = try? await CommandBus(store: InMemoryEventStore(), policy: bankPolicy, commands: [])
                .send(CloseAccount(id: UUID()), .teller())
        }
        await #expect(processExitsWith: .failure) {
            _ = try? await CommandBus(store: InMemoryEventStore(), policy: bankPolicy, commands: [Deposit.self])
                .send(OtherDeposit(id: UUID()), .teller())
        }
    }

    @Test("two handlers for one query")
    func doubledQuery() async {
        await #expect(processExitsWith: .failure) {
            let handler = QueryHandler(GetOwner.self) { _, _ in Answered("Ada", at: .zero) }
            _ = QueryBus(policy: bankPolicy, handlers: [handler, handler])
        }
    }

    @Test("a query that is answered by the handler of another of its name")
    func mismatchedQuery() async {
        await #expect(processExitsWith: .failure) {
            let bus = QueryBus(policy: bankPolicy, handlers: [QueryHandler(GetOwner.self) { _, _ in Answered("Ada", at: .zero) }])
            _ = try? await bus.ask(OtherGetOwner(), QueryContext(principal: teller, correlationID: "conversation"))
        }
    }

    @Test("names in source that break the rule")
    func names() async {
        await #expect(processExitsWith: .failure) { _ = "User" as StreamCategory }
        await #expect(processExitsWith: .failure) { _ = "my projection" as ProjectionName }
        await #expect(processExitsWith: .failure) { _ = "my follower" as FollowerName }
        await #expect(processExitsWith: .failure) { _ = "a\nb" as Leftfold.Tag }
    }

    @Test("a checkpoint that would go back")
    func checkpoint() async {
        await #expect(processExitsWith: .failure) {
            _ = FollowerProgress(from: Checkpoint("mailer", at: 3, epoch: 1), to: 2)
        }
    }

    @Test("and what is none does not")
    func none() async {
        await #expect(processExitsWith: .success) {
            let handler = CommandHandler(for: Deposit.self) { command, _ in command }
            let bus = CommandBus(
                store: InMemoryEventStore(), policy: bankPolicy, commands: [Deposit.self, Withdraw.self], handlers: [handler])
            _ = try? await bus.send(Deposit(id: UUID(), amount: 1), .teller())
            _ = FollowerProgress(from: Checkpoint("mailer", at: 3, epoch: 1), to: 3)
        }
    }
}
