import ArgumentParser
import Leftfold
import LeftfoldPostgres
import LeftfoldService

struct ExplainProjection<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "explain", abstract: "Which events made a row, and what it was after each; status 3 if there was never any.",
            discussion: """
                Replays the log, as far as the live tables are, into tables of its own, and watches the row. Nothing is changed. What an operator had the \
                projection leave out is left out.
                """)
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The projection.")
    var projection: String
    @Argument(help: "The value of the primary key; of several columns, column=value for each.")
    var key: [String]
    @Option(name: .long, help: "The table; the projection's first unless given.")
    var table: String?
    @Option(name: .long, help: "Look at nothing after this position.")
    var upTo: Int64?
    @Option(name: .shortAndLong, help: "How many events at most; the last ones are shown.")
    var limit = 100

    func validate() throws {
        try require("--up-to", upTo, in: Ranges.position)
        try require("--limit", limit, in: Ranges.limit)
        if key.isEmpty { throw ValidationError("Which row? Give the value of its primary key.") }
    }

    func run() async throws {
        let progress = ProgressDisplay("explain", unit: "events")
        let (key, table, upTo, limit) = (key, table, upTo, limit)
        let report = try await common.assembled(P.self) { assembly in
            let explanation = Explanation(try assembly.known(projection), in: assembly.database)
            return try await interruptible(leaving: "nothing was changed") {
                try await explanation.run(key, table: table, upTo: upTo.map(GlobalPosition.init(rawValue:)), limit: limit) { done, total in
                    progress.update(done: done.rawValue, total: total.rawValue)
                }
            }.value
        }
        progress.finish()
        let name = report.key.map(\.description).joined(separator: " ")
        guard report.events > 0 else {
            throw Failure("no_row", "\(report.table) never had a row with \(name) up to position \(report.position)", .foundProblems)
        }
        let earlier = report.events > report.steps.count ? ["… \(report.events - report.steps.count) earlier events"] : []
        let steps = report.steps.map { "\($0.event.text)\n    \($0.row?.description ?? "(no row)")" }
        try Printing(json: output.json).object(
            report,
            text: (["\(report.table) \(name), up to position \(report.position):"] + earlier + steps).joined(separator: "\n"))
    }
}
