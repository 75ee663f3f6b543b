import Foundation
import Leftfold

/// Sends one line, and says what came of it.
struct LineSender: Sendable {
    let commands: CommandBus
    let store: any EventStore
    let principal: Principal
    let correlationID: String
    let startedAt: Date
    /// The end of the log when the run began.
    var head = GlobalPosition.zero

    func send(_ line: ImportLine) async throws -> LineAnswer {
        let context = CommandContext(commandID: line.id, principal: principal, correlationID: correlationID)
        do {
            let receipt: Receipt
            switch line.content {
            case .command(let command): receipt = try await commands.send(command, context)
            case .refused(let refusal, let name, let bytes):
                receipt = try await commands.refuse(refusal, named: name, content: bytes, context)
            }
            return .accepted(isRepeated: try await isRepeated(receipt, line.id))
        } catch let unanswered as any Refusal where unanswered is Unavailable || unanswered is OutcomeUnknown {
            throw unanswered
        } catch let before as AnsweredBefore {
            return .refused(LineProblem(line: line.number, outcome: .refused(before.recorded), code: before.code, message: before.message))
        } catch let refusal as any Refusal {
            return .refused(
                LineProblem(
                    line: line.number, outcome: refusal.kind.map(Outcome.refused) ?? .refused(.conflict), code: refusal.code,
                    message: refusal.message))
        } catch {
            // The journal has it as a fault of the service; what it was is for whoever reads standard error.
            return .refused(LineProblem(line: line.number, outcome: .refused(.failed), code: "internal_error", message: "\(error)"))
        }
    }

    /// Whether an earlier run did it. Where it changed nothing and the log has not moved since, only the journal knows.
    private func isRepeated(_ receipt: Receipt, _ id: UUID) async throws -> Bool {
        guard receipt.position == head else { return receipt.position < head }
        guard let entry = try await store.journalEntry(for: id) else { return false }
        // The journal keeps microseconds: what this run did may seem to be from just before it.
        return entry.receivedAt < startedAt.addingTimeInterval(-0.000_002)
    }
}
