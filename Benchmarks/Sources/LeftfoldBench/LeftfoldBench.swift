import ArgumentParser
import Foundation
import LeftfoldDriver

/// Measures floors and Leftfold side by side, and prints how they compare.
@main
struct LeftfoldBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leftfold-bench",
        abstract: "Measure Leftfold against floors taken in the same run.",
        discussion: """
            Needs DATABASE_URL: a server on which it may create databases (it drops them again), and pgbench, on the PATH \
            or named by PGBENCH. scripts/bench provides both. Only the ratios carry over to other machines.
            """,
        subcommands: [ProjectCommand.self, RebuildCommand.self])

    @Option(help: "Only these suites, separated by commas: \(SuiteName.all).")
    var only: String?
    @Flag(help: "Small counts, one round: shows that everything works, not how fast it is.")
    var quick = false
    @Flag(help: "A million events in the rebuild suite, and a million users in the growth suite.")
    var full = false
    @Option(help: "Seconds of each single measurement.")
    var seconds: Double?
    @Option(help: "Rounds; floors and the real thing take turns in each, and medians are shown.")
    var rounds: Int?
    @Option(help: "Events in the rebuild suite.")
    var events: Int?
    @Option(
        defaultAsFlag: "-",
        help: ArgumentHelp("Print JSON instead of the table, or write it to a file beside the table.", valueName: "file"))
    var json: String?

    func validate() throws {
        _ = try suites
        guard rounds.map({ $0 > 0 }) ?? true, seconds.map({ $0 > 0 }) ?? true, events.map({ $0 >= 1000 }) ?? true else {
            throw ValidationError("--rounds and --seconds must be positive, --events at least 1000.")
        }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        guard let url = environment["DATABASE_URL"] else { throw ValidationError("DATABASE_URL is not set; use scripts/bench.") }
        let bench = Bench(
            server: try ConnectionConfiguration(url), pgbench: try Program.find(environment["PGBENCH"] ?? "pgbench"), plan: plan)
        var scoreboard = Scoreboard()
        for suite in try suites {
            Console.note("\(suite.rawValue): \(suite.summary)")
            try await suite.run(bench, &scoreboard)
        }
        try print(Report(scoreboard, plan))
    }

    private func print(_ report: Report) throws {
        if json != "-" { Console.print(report.table) }
        guard let json else { return }
        let text = try report.json()
        if json == "-" { Console.print(text) } else { try Data((text + "\n").utf8).write(to: URL(filePath: json)) }
    }

    private var plan: Plan {
        var plan = quick ? Plan.quick : .standard
        if full { (plan.events, plan.manyUsers) = (1_000_000, 1_000_000) }
        plan.seconds = seconds ?? plan.seconds
        plan.rounds = rounds ?? plan.rounds
        plan.events = events ?? plan.events
        return plan
    }

    private var suites: [SuiteName] {
        get throws {
            guard let only else { return SuiteName.allCases }
            let names = only.split(separator: ",").map(String.init)
            for name in names where SuiteName(rawValue: name) == nil {
                throw ValidationError("There is no suite “\(name)”, only \(SuiteName.all).")
            }
            return SuiteName.allCases.filter { names.contains($0.rawValue) }
        }
    }
}
