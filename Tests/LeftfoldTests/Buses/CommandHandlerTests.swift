import Foundation
import Leftfold
import Synchronization
import Testing

@Suite("A command handler")
struct CommandHandlerTests {
    let store = TroubledStore()
    let account = UUID()
    let calls = Recording()

    /// Looks up who the owner really is.
    private var lookUp: CommandHandler {
        CommandHandler(for: OpenAccount.self) { [calls] command, context in
            calls.note(command.owner)
            if command.owner == "nobody" { throw NotFound(code: "person_not_found", "There is no such person.") }
            var command = command
            command.owner += " no. \(calls.all.count)"
            return command
        }
    }

    @Test("adds a fact to the command before it is decided")
    func prepares() async throws {
        let bus = bank(on: store, handlers: [lookUp])
        _ = try await bus.send(OpenAccount(id: account, owner: "Ada"), .teller())
        _ = try await bus.send(Deposit(id: account, amount: 1), .teller())
        let first = try #require(try await store.read(stream(of: account)).first)
        #expect(String(decoding: first.data, as: UTF8.self) == #"{"owner":"Ada no. 1"}"#)
        #expect(calls.all == ["Ada"])
    }

    @Test("does not change which command the id stands for")
    func sameID() async throws {
        let bus = bank(on: store, handlers: [lookUp])
        let context = CommandContext.teller()
        let receipt = try await bus.send(OpenAccount(id: account, owner: "Ada"), context)
        #expect(try await bus.send(OpenAccount(id: account, owner: "Ada"), context) == receipt)
        #expect(calls.all == ["Ada", "Ada"])
    }

    @Test("is not called for what is denied or invalid")
    func inside() async throws {
        let bus = bank(on: store, handlers: [lookUp])
        _ = try? await bus.send(OpenAccount(id: account, owner: ""), .teller())
        _ = try? await bus.send(OpenAccount(id: account, owner: "Ada"), CommandContext(principal: stranger))
        #expect(calls.all == [])
    }

    @Test("is called again on a retry")
    func retry() async throws {
        store.cause(.conflict, .conflict)
        _ = try await bank(on: store, handlers: [lookUp]).send(OpenAccount(id: account, owner: "Ada"), .teller())
        #expect(calls.all == ["Ada", "Ada", "Ada"])
    }

    @Test("may answer with a refusal, which is on record")
    func refuses() async throws {
        let context = CommandContext.teller()
        await #expect(throws: NotFound(code: "person_not_found", "There is no such person.")) {
            try await bank(on: store, handlers: [lookUp]).send(OpenAccount(id: account, owner: "nobody"), context)
        }
        #expect(try await store.journalEntry(for: context.commandID)?.code == "person_not_found")
    }
}
