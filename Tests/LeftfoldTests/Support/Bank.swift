import Foundation
import Leftfold
import Testing

let teller = Principal(subject: "teller", roles: ["teller"])
let stranger = Principal(subject: "stranger", roles: ["visitor"])

let bankPolicy = RolePolicy(["teller": ["accounts:open", "accounts:use", "accounts:close", "accounts:read"]])

/// A bus with the commands of the bank. Each has a cache of its own, as each process has.
func bank(
    on store: any EventStore, handlers: [CommandHandler] = [], cache: AggregateCache = AggregateCache(), attempts: Int = 10,
    middleware: [any CommandMiddleware] = []
) -> CommandBus {
    CommandBus(
        store: store, policy: bankPolicy,
        commands: [OpenAccount.self, Deposit.self, Withdraw.self, CloseAccount.self, Transfer.self, MoveAccount.self],
        handlers: handlers, cache: cache, attempts: attempts, middleware: middleware)
}

extension CommandContext {
    static func teller(_ id: UUID = UUID(), expecting version: StreamVersion? = nil) -> CommandContext {
        CommandContext(commandID: id, principal: LeftfoldTests.teller, expectedVersion: version)
    }
}

extension CommandBus {
    /// An open account with this much money on it.
    func openAccount(_ id: UUID = UUID(), balance: Int = 0) async throws -> UUID {
        _ = try await send(OpenAccount(id: id, owner: "owner of \(id)"), .teller())
        if balance > 0 { _ = try await send(Deposit(id: id, amount: balance), .teller()) }
        return id
    }
}

func stream(of account: UUID) -> StreamName { StreamID<Account>(account).name }
