public import ArgumentParser
import Foundation
import Leftfold
import LeftfoldImport
import LeftfoldPostgres
import LeftfoldService

struct Import<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "import", abstract: "Send a file of commands through the command bus.",
            discussion: """
                JSON Lines ({"command":"Name", fields…}) or CSV with a header. Many lines are under way at once, yet it comes out \
                as if one after the other. Stopped or killed, run it again: what is done is not \
                done twice. Refused lines go to standard error with their number and reason; status 3 if there were any.
                """)
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The file; - is standard input.")
    var file: String
    @Option(name: .long, help: "jsonl or csv; by the file's extension unless given.")
    var format: ImportFormat?
    @Flag(name: .long, help: "Stop at the first line that is refused.")
    var strict = false
    @Option(name: .long, help: "Lines under way at most.")
    var inFlight = 512
    @Option(name: .long, help: "Import the same content once more on purpose, under another label.")
    var label: String?

    func validate() throws {
        guard (1...100_000).contains(inFlight) else { throw ArgumentParser.ValidationError("--in-flight must be between 1 and 100000.") }
    }

    func run() async throws {
        try await reporting {
            let result = try await common.assembled(P.self) { assembly in
                var importer = Importer(store: assembly.database.store, principal: assembly.localOperator) { assembly.commands(on: $0) }
                importer.label = label
                importer.linesAtOnce = inFlight
                importer.isStrict = strict
                importer.csv = { P.command(fromCSV: $0) }
                let progress = ProgressDisplay("import", unit: "lines")
                let json = output.json
                let result = try await interruptible { [importer, file, format] in
                    try await importer.run(ImportFile(file, format: format)) { told in
                        progress.update(done: Int64(told.lines), fraction: told.fraction)
                    } report: { problem in
                        progress.note(json ? Self.json(problem) : problem.text)
                    }
                }
                progress.finish()
                return result
            }
            try Printing(json: output.json).object(result, text: result.text)
            switch result.end {
            case .complete, .stoppedAtLine: if !result.isClean { throw ExitCode.foundProblems }
            case .interrupted: throw ExitCode.failure
            case .unavailable: throw ExitCode.unavailable
            }
        }
    }

    private static func json(_ problem: LineProblem) -> String {
        (try? StrictJSON.encode(problem)).map { String(decoding: $0, as: UTF8.self) } ?? problem.text
    }
}

extension ImportFormat: ExpressibleByArgument {}
