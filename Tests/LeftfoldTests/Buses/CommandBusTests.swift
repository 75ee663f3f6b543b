import Foundation
import Leftfold
import Testing

@Suite("The command bus")
struct CommandBusTests {
    let store = InMemoryEventStore()
    let account = UUID()

    @Test("loads, decides, appends and tells where")
    func happyPath() async throws {
        let bus = bank(on: store)
        let opened = try await bus.send(OpenAccount(id: account, owner: "Ada"), .teller())
        #expect(opened == Receipt(stream: stream(of: account), version: 1, position: 1, epoch: .first))
        _ = try await bus.send(Deposit(id: account, amount: 5), .teller())
        let closed = try await bus.send(CloseAccount(id: account), .teller())
        #expect(closed == Receipt(stream: stream(of: account), version: 4, position: 4, epoch: .first))
        let types = try await store.read(stream(of: account)).map(\.type)
        #expect(types == ["AccountOpened", "MoneyDeposited", "MoneyWithdrawn", "AccountClosed"])
    }

    @Test("keeps the conversation, the command and the principal with the events")
    func origin() async throws {
        let context = CommandContext(principal: teller, correlationID: "conversation", causationID: "an event")
        _ = try await bank(on: store).send(OpenAccount(id: account, owner: "Ada"), context)
        let event = try #require(try await store.read(stream(of: account)).first)
        #expect(event.commandID == context.commandID)
        #expect(event.correlationID == "conversation")
        #expect(event.principal == "teller")
        #expect(event.metadata == nil)
        #expect(try await store.journalEntry(for: context.commandID)?.causationID == "an event")
    }

    @Test("accepts a command that changes nothing, at the head")
    func nothingToChange() async throws {
        let bus = bank(on: store)
        let account = try await bus.openAccount()
        _ = try await bus.openAccount()
        let receipt = try await bus.send(Deposit(id: account, amount: 0), .teller())
        #expect(receipt == Receipt(stream: stream(of: account), version: 1, position: 2, epoch: .first))
    }

    @Test("denies what the policy does not grant")
    func denied() async throws {
        let context = CommandContext(principal: stranger)
        await #expect(throws: Forbidden("accounts:open")) {
            try await bank(on: store).send(OpenAccount(id: account, owner: "Ada"), context)
        }
        #expect(try await store.head() == .zero)
    }

    @Test("denies everything by default")
    func deniedByDefault() async throws {
        let bus = CommandBus(store: store, policy: RolePolicy([:]), commands: [OpenAccount.self])
        for principal in [teller, stranger, Principal(subject: ""), .localOperator(roles: ["admin"])] {
            await #expect(throws: Forbidden("accounts:open")) {
                try await bus.send(OpenAccount(id: account, owner: "Ada"), CommandContext(principal: principal))
            }
        }
    }

    @Test("refuses what is invalid before it looks at the state")
    func invalid() async throws {
        await #expect(throws: ValidationError("owner", "must not be empty")) {
            try await bank(on: store).send(OpenAccount(id: account, owner: "  "), .teller())
        }
    }

    @Test("tells the domain's no")
    func rejected() async throws {
        await #expect(throws: Rejected(code: "not_open", message: "No.")) {
            try await bank(on: store).send(Deposit(id: account, amount: 1), .teller())
        }
    }

    @Test("rejects a command whose claim another stream holds")
    func claimTaken() async throws {
        let bus = bank(on: store)
        let first = UUID()
        _ = try await bus.send(OpenAccount(id: first, owner: "Ada"), .teller())
        let taken = Rejected(code: "account_owner_taken", message: "This account owner is already in use.")
        await #expect(throws: taken) { try await bus.send(OpenAccount(id: account, owner: "Ada"), .teller()) }

        _ = try await bus.send(CloseAccount(id: first), .teller())
        _ = try await bus.send(OpenAccount(id: account, owner: "Ada"), .teller())
        #expect(try await store.holders(of: [Claim("account_owner", "Ada")]).values.map(\.self) == [stream(of: account)])
        await #expect(throws: taken) { try await bus.send(OpenAccount(id: first, owner: "Ada"), .teller()) }
    }

    @Test("takes commands by name")
    func named() async throws {
        let bus = bank(on: store)
        #expect(bus.names == ["CloseAccount", "Deposit", "MoveAccount", "OpenAccount", "Transfer", "Withdraw"])
        let json = Array(#"{"id":"\#(account)","owner":"Ada"}"#.utf8)
        #expect(try await bus.send(named: "OpenAccount", json: json, .teller()).version == 1)
        await #expect(throws: UnknownName.command("Rob")) { try await bus.send(named: "Rob", json: json, .teller()) }
        await #expect(throws: MalformedInput(code: "unknown_field", "The field “owner” is not known.")) {
            try await bus.send(named: "CloseAccount", json: json, .teller())
        }
    }

    @Test("calls own layers outermost first, inside the standard ones")
    func middlewareOrder() async throws {
        let recording = Recording()
        let bus = bank(
            on: store,
            middleware: [
                RecordingMiddleware(name: "outer", recording: recording),
                RecordingMiddleware(name: "inner", recording: recording),
            ])
        _ = try await bus.send(OpenAccount(id: account, owner: "Ada"), .teller())
        #expect(recording.all == ["outer in OpenAccount", "inner in OpenAccount", "inner out OpenAccount", "outer out OpenAccount"])

        _ = try? await bus.send(OpenAccount(id: account, owner: ""), .teller())
        _ = try? await bus.send(OpenAccount(id: account, owner: "Ada"), CommandContext(principal: stranger))
        #expect(recording.all.count == 4, "what is invalid or denied does not get to them")

        _ = try? await bus.send(OpenAccount(id: account, owner: "Bob"), .teller())
        #expect(recording.all.suffix(2) == ["inner threw OpenAccount", "outer threw OpenAccount"])
    }

    @Test("gets 64 commands for one stream through at once")
    func hotStream() async throws {
        let bus = bank(on: store)
        let account = try await bus.openAccount()
        try await self.deposit(64, to: account, over: [bus])
    }

    @Test("gets 64 commands for one stream through at once, over four processes")
    func hotStreamOfManyProcesses() async throws {
        let buses = (1...4).map { _ in bank(on: store, attempts: 1_000) }
        let account = try await buses[0].openAccount()
        try await self.deposit(64, to: account, over: buses)
    }

    private func deposit(_ count: Int, to account: UUID, over buses: [CommandBus]) async throws {
        let receipts = try await withThrowingTaskGroup(of: Receipt.self) { group in
            for number in 0..<count {
                group.addTask { try await buses[number % buses.count].send(Deposit(id: account, amount: 1), .teller()) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let versions = (2...(count + 1)).map { StreamVersion(rawValue: Int64($0)) }
        #expect(receipts.compactMap(\.version).sorted() == versions)
        #expect(try await store.read(stream(of: account)).map(\.version) == [1] + versions)
    }
}
