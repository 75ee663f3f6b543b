public import ArgumentParser
import Foundation
public import Leftfold
import LeftfoldPostgres
import LeftfoldService

struct Journal<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "journal", abstract: "Who asked what, and how it ended.",
            discussion: "Every command that reached authentication, accepted or refused, without its content. The newest first.")
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Option(name: .shortAndLong, help: "How many at most.")
    var limit = 50
    @Option(name: .long, help: "Only these: \(Outcome.allCases.map(\.rawValue).joined(separator: ", ")).")
    var outcome: Outcome?
    @Option(name: .long, help: "Only of this principal.")
    var principal: String?
    @Option(name: .long, help: "Only for this stream.")
    var stream: String?
    @Option(name: .long, help: "Only the command with this id.", transform: commandID)
    var id: UUID?

    func validate() throws { try require("--limit", limit, in: Ranges.limit) }

    func run() async throws {
        let printing = Printing(json: output.json)
        let entries = try await common.assembled(P.self) { assembly in
            if let id { return try await assembly.database.store.journalEntry(for: id).map { [$0] } ?? [] }
            return try await assembly.database.store.journal(
                JournalFilter(outcome: outcome, principal: principal, stream: stream, limit: limit))
        }
        if output.json {
            for entry in entries { try printing.object(entry, text: "") }
            return
        }
        try printing.table(
            ["finished", "command", "outcome", "code", "principal", "stream", "positions", "id"],
            entries.map { entry in
                let positions = entry.firstPosition.map { first in "\(first)…\(entry.lastPosition ?? first)" }
                return [
                    entry.finishedAt.formatted(.iso8601), entry.name, entry.outcome.rawValue, entry.code ?? "",
                    entry.principal, entry.stream ?? "", positions ?? "", entry.commandID.text,
                ]
            })
    }
}

extension Outcome: ExpressibleByArgument {}
