import ArgumentParser
import Foundation
import Leftfold
import LeftfoldPostgres
import LeftfoldService

struct VerifyProjection<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "verify", abstract: "Compare the read tables with a fold of the log; status 3 if they differ.",
            discussion: """
                Replays the log into tables of its own, beside a projector that goes on, and compares range by range, each row at one position. Rows that \
                differ are told with their columns and the events that made them. Stopped or killed, it changes nothing: what it leaves is dropped by \
                itself, or by the next one.
                """)
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The projection.")
    var projection: String
    @Option(name: .long, help: "Go on, and verify again this long after each time, until Ctrl-C: 30s, 15m, 1h, 7d.", transform: span)
    var every: Duration?
    @Option(name: .long, help: "Events replayed a second at most; as fast as it goes unless given.")
    var eventsPerSecond: Int?

    func validate() throws { try require("--events-per-second", eventsPerSecond, in: Ranges.limit) }

    func run() async throws {
        try await common.assembled(P.self) { assembly in
            let known = try assembly.known(projection)
            let verification = Verification(known, in: assembly.database, eventsPerSecond: eventsPerSecond)
            let (json, every) = (output.json, every)
            let matches = try await interruptible(leaving: "nothing was changed") {
                while true {
                    let matches = try await verify(verification, json: json)
                    guard let every else { return matches }
                    try await Task.sleep(for: every)
                }
            }.value
            if !matches { throw ExitCode.foundProblems }
        }
    }
}

/// Once. Whether the tables are what the log says.
private func verify(_ verification: Verification, json: Bool) async throws -> Bool {
    let progress = ProgressDisplay("verify", unit: "events")
    let report = try await verification.run { done, total in progress.update(done: done.rawValue, total: total.rawValue) }
    progress.finish()
    let printing = Printing(json: json)
    let left = report.excluded == 0 ? "" : " without \(report.excluded) events that it was told to leave out"
    let tables = report.tables.map { "\($0.name): \($0.rows) rows, \($0.missing) missing, \($0.unexpected) unexpected" }
    try printing.object(report, text: (tables + report.differences.flatMap(\.lines)).joined(separator: "\n"))
    try printing.note(
        "\(report.projection) \(report.matches ? "equals" : "DIFFERS FROM") a fold of the log up to position \(report.position)\(left).")
    return report.matches
}

extension Verification.Difference {
    /// For people.
    fileprivate var lines: [String] {
        let name = key.isEmpty ? "a row" : key.map(\.description).joined(separator: " ")
        let columns = columns.map { column in
            switch kind {
            case .missing: "    \(column.name): \(column.expected?.description ?? "null")"
            case .unexpected: "    \(column.name): \(column.live?.description ?? "null")"
            case .changed: "    \(column.name): \(column.live?.description ?? "null"), not \(column.expected?.description ?? "null")"
            }
        }
        if key.isEmpty { return ["\(table): \(name) is \(kind.rawValue)"] + columns }
        let earlier = eventCount > events.count ? ["    … and \(eventCount - events.count) earlier events"] : []
        let made = events.map { "    made by \($0.text)" }
        return ["\(table): \(name) is \(kind.rawValue)"] + columns + (events.isEmpty ? ["    made by no event"] : earlier + made)
    }
}

extension EventReference {
    /// For people.
    var text: String { "\(position)  \(recordedAt.formatted(.iso8601))  \(stream)@\(version)  \(type)" }
}
