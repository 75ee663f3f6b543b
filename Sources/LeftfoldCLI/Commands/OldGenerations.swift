import ArgumentParser
import Leftfold
import LeftfoldPostgres
import LeftfoldService

struct RollbackProjection<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "rollback", abstract: "Have queries read the generation again that was live before.",
            discussion: """
                For one that rebuild --keep has kept. It never shows less than queries have seen: where it is behind, it is waited for, and refused with what \
                is missing. What is rolled back from is kept in turn.
                """)
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The projection.")
    var projection: String
    @Option(name: .long, help: "The generation; the one that was live last unless given.")
    var generation: Int?
    @Option(name: .long, help: "How long it is waited for: 30s, 5m.", transform: span)
    var wait: Duration = .seconds(10)
    @OptionGroup var why: Why

    func validate() throws { try require("--generation", generation, in: 1...Int(Int32.max)) }

    func run() async throws {
        let live = try await common.assembled(P.self) { assembly in
            try await Rollback(try assembly.known(projection), in: assembly.database, to: generation, patience: wait)
                .run(by: assembly.localOperator.subject, because: why.reason)
        }
        try Printing(json: output.json).object(
            Generation(projection: projection, generation: live.number), text: "generation \(live.number) of \(projection) is live again.")
    }

    private struct Generation: Encodable {
        let projection: String
        let generation: Int
    }
}

struct DropGeneration<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "drop", abstract: "Drop a generation that was kept, or is retired.",
            discussion:
                "Refused while others rest on its tables (views, foreign keys, publications …), which are named; with --cascade that goes, too."
        )
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The projection.")
    var projection: String
    @Option(name: .long, help: "The generation; the only one that is kept, or retired, unless given.")
    var generation: Int?
    @Flag(name: .long, help: "Drop what others attached to its tables, too.")
    var cascade = false
    @OptionGroup var why: Why

    func validate() throws { try require("--generation", generation, in: 1...Int(Int32.max)) }

    func run() async throws {
        let number = try await common.assembled(P.self) { assembly in
            guard let name = ProjectionName(rawValue: projection) else { throw Misconfigured("“\(projection)” is no name of a projection") }
            return try await assembly.database.drop(
                generation: generation, of: name, by: assembly.localOperator.subject, because: why.reason, cascade: cascade)
        }
        try Printing(json: output.json).object(
            Dropped(projection: projection, generation: number), text: "generation \(number) of \(projection) is dropped.")
    }

    private struct Dropped: Encodable {
        let projection: String
        let generation: Int
    }
}
