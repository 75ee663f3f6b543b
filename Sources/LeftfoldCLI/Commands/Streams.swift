import ArgumentParser
import Leftfold
import LeftfoldPostgres
import LeftfoldService

struct Streams<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "streams", abstract: "Look at single streams.", subcommands: [Show.self, StreamState<P>.self],
            defaultSubcommand: Show.self)
    }

    struct Show: AsyncParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(commandName: "show", abstract: "All events of one stream.")
        }

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The stream, category-id.")
        var stream: String
        @Option(name: .long, help: "Begin after this version.")
        var after: Int64 = 0

        func validate() throws { try require("--after", after, in: Ranges.position) }

        func run() async throws {
            guard let name = StreamName(rawValue: stream) else { throw ValidationError("stream", "must be category-id") }
            let printing = Printing(json: output.json)
            let events = try await common.assembled(P.self) {
                try await $0.database.store.read(name, after: StreamVersion(rawValue: after), limit: nil)
            }
            for event in events { try printing.event(event) }
            if events.isEmpty { throw Failure("no_events", "\(name) has no events after version \(after)", .foundProblems) }
        }
    }
}

private typealias ValidationError = Leftfold.ValidationError
