import Foundation
import Leftfold
import Testing

@Suite("The journal tells the true outcome of every command (I8)")
struct AuditTests {
    let store = TroubledStore()
    let context = CommandContext(
        principal: Principal(subject: "teller", roles: ["teller"]), correlationID: "conversation", causationID: "cause")
    let account = UUID()

    private func entry() async throws -> JournalEntry {
        try #require(try await store.journalEntry(for: context.commandID))
    }

    @Test func accepted() async throws {
        _ = try await bank(on: store).send(OpenAccount(id: account, owner: "Ada"), context)
        let entry = try await entry()
        #expect(entry.outcome == .accepted)
        #expect(entry.name == "OpenAccount")
        #expect(entry.principal == "teller")
        #expect(entry.correlationID == "conversation")
        #expect(entry.causationID == "cause")
        #expect(entry.stream == stream(of: account).rawValue)
        #expect(entry.code == nil)
        #expect(entry.version == 1)
        #expect(entry.firstPosition == 1)
        #expect(entry.lastPosition == 1)
    }

    @Test func rejected() async throws {
        await #expect(throws: Rejected.self) { try await bank(on: store).send(CloseAccount(id: account), context) }
        try await expect(.rejected, "not_open")
    }

    @Test func rejectedForAClaim() async throws {
        let bus = bank(on: store)
        _ = try await bus.send(OpenAccount(id: UUID(), owner: "Ada"), .teller())
        await #expect(throws: Rejected.self) { try await bus.send(OpenAccount(id: account, owner: "Ada"), context) }
        try await expect(.rejected, "account_owner_taken")
    }

    @Test func denied() async throws {
        let bus = CommandBus(store: store, policy: RolePolicy([:]), commands: [CloseAccount.self])
        await #expect(throws: Forbidden.self) { try await bus.send(CloseAccount(id: account), context) }
        try await expectApart(.denied, "forbidden", "CloseAccount", stream: stream(of: account).rawValue)
    }

    @Test("denied from the wire, before anything of it is read")
    func deniedUnread() async throws {
        let bus = CommandBus(store: store, policy: RolePolicy([:]), commands: [CloseAccount.self])
        await #expect(throws: Forbidden.self) { try await bus.send(named: "CloseAccount", json: [0xFF], context) }
        try await expectApart(.denied, "forbidden", "CloseAccount", stream: nil)
    }

    @Test("what is denied, unknown or cut leaves the command id free for the true command")
    func free() async throws {
        let bus = bank(on: store)
        var theirs = context
        theirs.principal = stranger
        let command = OpenAccount(id: account, owner: "Ada")
        await #expect(throws: Forbidden.self) { try await bus.send(command, theirs) }
        await #expect(throws: Forbidden.self) { try await bus.send(named: "OpenAccount", json: Array("{".utf8), theirs) }
        await #expect(throws: Forbidden.self) { try await bus.admit(named: "OpenAccount", theirs) }
        await #expect(throws: UnknownName.self) { try await bus.send(named: "Rob", json: [], theirs) }
        await #expect(throws: MalformedInput.self) { try await bus.refuse(MalformedInput("cut"), named: "OpenAccount", context) }
        let before = try await store.journal(JournalFilter())
        #expect(before.map(\.code) == ["malformed_json", "unknown_command", "forbidden", "forbidden", "forbidden"])
        #expect(Set(before.map(\.commandID)).count == 5 && !before.map(\.commandID).contains(context.commandID))
        try await bus.admit(named: "OpenAccount", context)
        #expect(try await bus.send(command, context).version == 1)
        #expect(try await entry().outcome == .accepted)
    }

    @Test func invalid() async throws {
        await #expect(throws: ValidationError.self) { try await bank(on: store).send(OpenAccount(id: account, owner: ""), context) }
        try await expect(.invalid, "validation_failed")
    }

    @Test func malformed() async throws {
        await #expect(throws: MalformedInput.self) {
            try await bank(on: store).send(named: "OpenAccount", json: Array("{}".utf8), context)
        }
        try await expect(.invalid, "missing_field", knowsTheStream: false)
    }

    @Test("unknown, with a name that is bounded and printable")
    func unknown() async throws {
        let name = "Drop\u{0}\u{7}Table" + String(repeating: "s\u{301}", count: 5_000)
        await #expect(throws: UnknownName.self) { try await bank(on: store).send(named: name, json: [], context) }
        let journaled = try #require(try await store.journal(JournalFilter()).first)
        try await expectApart(.invalid, "unknown_command", journaled.name, stream: nil)
        #expect(journaled.name.hasPrefix("DropTable"))
        #expect(journaled.name.unicodeScalars.count <= 64)
    }

    @Test func conflict() async throws {
        let context = CommandContext.teller(context.commandID, expecting: 7)
        await #expect(throws: WrongExpectedVersion.self) { try await bank(on: store).send(CloseAccount(id: account), context) }
        try await expect(.conflict, "wrong_expected_version")
    }

    @Test("failed, and the fault itself is thrown")
    func failed() async throws {
        struct Broken: Error {}
        store.cause(.error(Broken()))
        await #expect(throws: Broken.self) { try await bank(on: store).send(OpenAccount(id: account, owner: "Ada"), context) }
        try await expect(.failed, "internal_error")
    }

    @Test("a fault after the events were stored does not deny them")
    func failedAfterwards() async throws {
        struct Broken: Error {}
        store.cause(.errorAfterwards(Broken()))
        let receipt = try await bank(on: store).send(OpenAccount(id: account, owner: "Ada"), context)
        #expect(receipt == Receipt(stream: stream(of: account), version: 1, position: 1, epoch: .first))
        #expect(try await entry().outcome == .accepted)
    }

    @Test("what the store cannot tell is not on record, and the same id tells later")
    func unknownOutcome() async throws {
        let bus = bank(on: store)
        store.cause(
            .error(Unavailable("away")), .error(OutcomeUnknown(context.commandID)), .errorAfterwards(OutcomeUnknown(context.commandID)))
        await #expect(throws: Unavailable.self) { try await bus.send(OpenAccount(id: account, owner: "Ada"), context) }
        #expect(try await store.journalEntry(for: context.commandID) == nil)
        for _ in 1...2 {
            await #expect(throws: OutcomeUnknown.self) { try await bus.send(OpenAccount(id: account, owner: "Ada"), context) }
        }
        #expect(try await bus.send(OpenAccount(id: account, owner: "Ada"), context).version == 1)
        #expect(try await store.head() == 1)
    }

    @Test("one row for one command, however often it is sent")
    func once() async throws {
        let bus = bank(on: store)
        for _ in 1...3 { _ = try await bus.send(OpenAccount(id: account, owner: "Ada"), context) }
        #expect(try await store.journal(JournalFilter()).map(\.commandID) == [context.commandID])
    }

    /// On record under an id of its own.
    private func expectApart(_ kind: RefusalKind, _ code: String, _ name: String, stream: String?) async throws {
        #expect(try await store.journalEntry(for: context.commandID) == nil)
        let journal = try await store.journal(JournalFilter())
        let entry = try #require(journal.first)
        #expect(journal.count == 1 && entry.outcome == .refused(kind) && entry.code == code && entry.name == name)
        #expect(entry.principal == "teller" && entry.correlationID == "conversation" && entry.stream == stream)
    }

    private func expect(_ kind: RefusalKind, _ code: String, knowsTheStream: Bool = true) async throws {
        let entry = try await entry()
        #expect(entry.outcome == .refused(kind))
        #expect(entry.code == code)
        #expect(entry.principal == "teller")
        #expect(entry.stream == (knowsTheStream ? stream(of: account).rawValue : nil))
        #expect(entry.version == nil)
        #expect(try await store.read(stream(of: account)) == [])
    }
}
