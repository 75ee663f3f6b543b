import ArgumentParser
import Leftfold
import LeftfoldPostgres
import LeftfoldService

struct RebuildProjection<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "rebuild", abstract: "Make a projection's tables again from event zero.",
            discussion: """
                Builds the next generation beside the live one and switches in one transaction. Writes and queries go on \
                throughout. Stopped half-way, it leaves the live tables as they are.

                With --keep the generation that was live is kept up to date by processes of its version of the code, so that projections rollback goes back \
                to it at once. With --dry-run the next generation is built, compared with the live one and dropped.
                """)
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The projection.")
    var projection: String
    @Flag(name: .long, help: "Say what differs from the live tables, both at one position, before switching.")
    var diff = false
    @Flag(name: .long, help: "Say what differs, and switch nothing.")
    var dryRun = false
    @Option(name: .long, help: "How many of the rows that differ are shown of each table.")
    var examples = 10
    @Flag(name: .long, help: "Keep the generation that was live until projections drop.")
    var keep = false
    @Option(name: .long, help: "Keep the generation that was live for so long: 30s, 15m, 1h, 7d.", transform: span)
    var keepFor: Duration?

    func validate() throws {
        try require("--examples", examples, in: 0...1000)
        if keep, keepFor != nil { throw ValidationError("Either --keep or --keep-for.") }
        if dryRun, keep || keepFor != nil { throw ValidationError("With --dry-run nothing is switched, and nothing to be kept.") }
    }

    func run() async throws {
        try await common.assembled(P.self) { assembly in
            let projection = try assembly.known(projection)
            if dryRun { try await compare(projection, assembly) } else { try await rebuild(projection, assembly) }
        }
    }

    private var keeping: Keeping { keepFor.map(Keeping.during) ?? (keep ? .untilDropped : .nothing) }

    private func compare(_ projection: any PostgresProjection, _ assembly: Assembly) async throws {
        let progress = ProgressDisplay("rebuild", unit: "events")
        let examples = examples
        let difference = try await interruptible(leaving: "the live tables are as they were") {
            try await Rebuild(projection, in: assembly.database).difference(showing: examples) { done, total in
                progress.update(done: done.rawValue, total: total.rawValue)
            }
        }.value
        progress.finish()
        try Printing(json: output.json).object(difference, text: "\(difference)")
    }

    private func rebuild(_ projection: any PostgresProjection, _ assembly: Assembly) async throws {
        let progress = ProgressDisplay("rebuild", unit: "events")
        let start = ContinuousClock.now
        let (keeping, diff, examples, printing) = (keeping, diff, examples, Printing(json: output.json))
        let generation = try await interruptible(leaving: "the live tables are as they were") {
            let rebuild = Rebuild(projection, in: assembly.database, keeping: keeping)
            let watch: Rebuild.Progress = { done, total in progress.update(done: done.rawValue, total: total.rawValue) }
            guard diff else { return try await rebuild.run(progress: watch) }
            return try await rebuild.run(comparing: examples, progress: watch) { try printing.object($0, text: "\($0)") }
        }.value
        progress.finish()
        let attached = try await assembly.database.attachedToOldGenerations(of: generation.projection)
        try printing.object(
            Summary(
                projection: generation.projection.rawValue, generation: generation.number,
                seconds: (ContinuousClock.now - start) / .seconds(1), attached: attached),
            text: "\(generation.projection) is rebuilt; generation \(generation.number) is live.")
        if !output.json {
            for old in attached {
                try printing.line(
                    "generation \(old.generation) stays, because the live one has nothing like: \(old.attached.joined(separator: "; "))")
            }
        }
    }

    private struct Summary: Encodable {
        let projection: String
        let generation: Int
        let seconds: Double
        /// What keeps older generations from being dropped.
        let attached: [OldGeneration]
    }
}
