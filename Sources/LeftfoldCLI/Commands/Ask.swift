import ArgumentParser
import Leftfold
import LeftfoldService

struct Ask<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "ask", abstract: "Ask one query, as the local operator. The answer is JSON.")
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The query's name.")
    var name: String
    @Argument(help: "Its JSON.")
    var fields = "{}"
    @Option(name: .long, help: "Wait until the read model knows this position.")
    var after: Int64?

    func validate() throws { try require("--after", after, in: Ranges.position) }

    func run() async throws {
        let answered = try await common.assembled(P.self) { assembly in
            try await assembly.queries.ask(
                named: name, json: Array(fields.utf8),
                QueryContext(
                    principal: assembly.localOperator, correlationID: "ask", after: after.map(GlobalPosition.init(rawValue:))))
        }
        try Printing(json: true).json(answered.value)
    }
}
