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
                """)
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The projection.")
    var projection: String

    func run() async throws {
        try await common.assembled(P.self) { try await rebuild(try $0.known(projection), $0) }
    }

    private func rebuild(_ projection: any PostgresProjection, _ assembly: Assembly) async throws {
        let progress = ProgressDisplay("rebuild", unit: "events")
        let start = ContinuousClock.now
        let generation = try await interruptible(leaving: "the live tables are as they were") {
            try await Rebuild(projection, in: assembly.database).run { done, total in
                progress.update(done: done.rawValue, total: total.rawValue)
            }
        }.value
        progress.finish()
        try Printing(json: output.json).object(
            Summary(
                projection: generation.projection.rawValue, generation: generation.number,
                seconds: (ContinuousClock.now - start) / .seconds(1)),
            text: "\(generation.projection) is rebuilt; generation \(generation.number) is live.")
    }

    private struct Summary: Encodable {
        let projection: String
        let generation: Int
        let seconds: Double
    }
}
