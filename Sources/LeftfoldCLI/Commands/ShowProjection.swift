import ArgumentParser
import Foundation
import Leftfold
import LeftfoldPostgres
import LeftfoldService

struct ShowProjection<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "show", abstract: "Rows of a projection, as JSON: as they are, or as they were.",
            discussion: """
                With --as-of the read model is built as it was then, in a schema of its own, whose name is printed first: look into it with psql, too. It is \
                kept until projections drop-as-of, or for as long as --keep says; the next one who builds, verifies or explains drops what is older.
                """)
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The projection.")
    var projection: String
    @Argument(help: "Only the row with this primary key; of several columns, column=value for each.")
    var key: [String] = []
    @Option(
        name: .long, help: "A position of the log, or a time with a zone (2026-11-25T23:37:44Z): up to the last event recorded then.",
        transform: moment)
    var asOf: PastReadModel.Moment?
    @Option(name: .long, help: "The table; the projection's first unless given.")
    var table: String?
    @Option(name: .shortAndLong, help: "How many rows at most.")
    var limit = 50
    @Option(name: .long, help: "How long what is built is kept: 30s, 15m, 1h, 7d.", transform: span)
    var keep: Duration = .seconds(86_400)

    func validate() throws { try require("--limit", limit, in: Ranges.limit) }

    func run() async throws {
        let printing = Printing(json: output.json)
        let (asOf, keep) = (asOf, keep)
        let rows = try await common.assembled(P.self) { assembly in
            let model = PastReadModel(try assembly.known(projection), in: assembly.database)
            var built: PastReadModel.Built?
            if let asOf {
                let progress = ProgressDisplay("build", unit: "events")
                let made = try await interruptible(leaving: "nothing was changed") {
                    try await model.build(at: asOf, keptFor: keep) { done, total in
                        progress.update(done: done.rawValue, total: total.rawValue)
                    }
                }.value
                progress.finish()
                let until = made.keptUntil.formatted(.iso8601)
                try printing.object(
                    made, text: "\(projection) as of position \(made.position), in the schema \(made.schema) until \(until):")
                built = made
            }
            return try await model.rows(of: built, table: table, key: key, limit: limit)
        }
        for row in rows { try printing.json(row.bytes) }
        if rows.isEmpty, !key.isEmpty { throw Failure("no_row", "there is no row with \(key.joined(separator: " "))", .foundProblems) }
    }
}

struct DropPastReadModels<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "drop-as-of", abstract: "Drop what projections show --as-of has built of a projection.")
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The projection.")
    var projection: String

    func run() async throws {
        let dropped = try await common.assembled(P.self) { assembly in
            try await PastReadModel(try assembly.known(projection), in: assembly.database).dropAll()
        }
        try Printing(json: output.json).object(
            Dropped(projection: projection, dropped: dropped),
            text: dropped.isEmpty ? "There was nothing to drop." : dropped.map { "\($0) is dropped." }.joined(separator: "\n"))
    }

    private struct Dropped: Encodable {
        let projection: String
        let dropped: [String]
    }
}
