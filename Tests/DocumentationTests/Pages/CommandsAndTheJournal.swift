import Foundation
import Leftfold
import Testing

@Suite("Commands and the journal, as its page tells it") struct CommandsAndTheJournal {
    @Test("Sending is as shown")
    func sending() async throws {
        let policy = RolePolicy(["teller": ["accounts:open", "accounts:deposit"]])
        let commands = CommandBus(store: InMemoryEventStore(), policy: policy, commands: [OpenAccount.self])

        let context = CommandContext(principal: Principal(subject: "ada", roles: ["teller"]))
        let receipt = try await commands.send(OpenAccount(id: UUID(), owner: "Ada", number: "7"), context)
        print(receipt.streams, receipt.position)
        #expect(receipt.version == 1)
    }

    func whatIsThrown(_ commands: CommandBus, _ command: OpenAccount, _ context: CommandContext) async throws {
        do {
            _ = try await commands.send(command, context)
        } catch is OutcomeUnknown {
            // Send the same command with the same command id: the answer tells.
        } catch let refusal as any Refusal {
            print(refusal.code, refusal.message)
        }
    }

    func journal(_ store: some EventStore, _ context: CommandContext) async throws {
        let entry = try await store.journalEntry(for: context.commandID)
        let denied = try await store.journal(JournalFilter(outcome: .refused(.denied), limit: 20))
        _ = (entry, denied)
    }
}
