public import ArgumentParser
import Foundation
import Leftfold
import LeftfoldImport
import LeftfoldPostgres
import LeftfoldService
import UnixSignals

struct Import<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "import", abstract: "Send a file of commands through the command bus.",
            discussion: """
                JSON Lines ({"command":"Name", fields…}) or CSV with a header. Many lines are under way at once, yet it comes out \
                as if one after the other. Stopped or killed, run it again: what is done is not \
                done twice. Refused lines go to standard error with their number and reason, the first \(RefusalDigest.usual) of \
                each code; status 3 if there were any.
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
    @Flag(name: .long, help: "Tell every line that is refused; with --json that is so in any case.")
    var everyRefusal = false
    @Option(name: .long, help: "Lines under way at most.")
    var inFlight = 512
    @Option(name: .long, help: "Import the same content once more on purpose, under another label.")
    var label: String?

    func validate() throws { try require("--in-flight", inFlight, in: 1...100_000) }

    func run() async throws {
        let (result, signal) = try await common.assembled(P.self) { assembly in
            var importer = Importer(store: assembly.database.store, principal: assembly.localOperator) { assembly.commands(on: $0) }
            importer.label = label
            importer.linesAtOnce = inFlight
            importer.isStrict = strict
            importer.csv = { P.command(fromCSV: $0) }
            return try await interruptible(leaving: "run it again to finish") { [importer] in
                output.json ? try await importMachine(importer) : try await importPeople(importer)
            }
        }
        try Printing(json: output.json).object(result, text: result.text)
        switch result.end {
        case .complete, .stoppedAtLine: if !result.isClean { throw ExitCode.foundProblems }
        case .interrupted: throw ExitCode(128 + (signal ?? .sigint).rawValue)
        case .unavailable: throw ExitCode.unavailable
        }
    }

    /// Each refused line is one JSON object on standard error, and nothing else is.
    private func importMachine(_ importer: Importer) async throws -> ImportResult {
        try await importer.run(ImportFile(file, format: format)) { problem in
            let json = (try? StrictJSON.encode(problem)).map { String(decoding: $0, as: UTF8.self).escapingControlsInJSON }
            LogOutput.standardError.deliver((json ?? problem.text) + "\n")
        }
    }

    /// Progress, and the first refused lines of each code.
    private func importPeople(_ importer: Importer) async throws -> ImportResult {
        // All of them are wanted: so fast as somebody reads, instead of dropping what is too much.
        let progress = ProgressDisplay("import", unit: "lines", mayDrop: !everyRefusal)
        let digest = RefusalDigest(perCode: everyRefusal ? .max : RefusalDigest.usual)
        let result = try await importer.run(ImportFile(file, format: format)) { told in
            progress.update(done: Int64(told.lines), fraction: told.fraction)
        } report: { problem in
            if let text = digest.text(problem) { progress.note(text) }
        }
        progress.finish()
        for line in digest.rest { progress.note(line) }
        return result
    }
}

extension ImportFormat: ExpressibleByArgument {}
