import ArgumentParser
import Foundation
import Leftfold
import LeftfoldPostgres
import LeftfoldService

struct Projections<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "projections", abstract: "How the projections are doing; verify one, or get it over what stopped it.",
            subcommands: [
                List.self, Verify.self, Retry.self, SkipInProjection<P>.self, PauseProjection<P>.self, ResumeProjection<P>.self,
                RemoveProjection<P>.self, ProjectionSkips<P>.self, ProjectionOperations<P>.self,
            ], defaultSubcommand: List.self)
    }

    struct List: AsyncParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(commandName: "list", abstract: "Position, lag, worker and failure of each; status 3 if one has failed.")
        }

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let printing = Printing(json: output.json)
            let statuses = try await common.assembled(P.self) { try await $0.database.projectionStatuses() }
            if output.json {
                for status in statuses { try printing.object(status, text: "") }
            } else {
                try printing.table(
                    ["projection", "generation", "state", "position", "head", "behind", "seconds", "worker"],
                    statuses.map { status in
                        [
                            status.projection, "\(status.generation)",
                            status.failure != nil
                                ? status.failedPosition == nil ? "troubled" : "failed" : status.pausedAt != nil ? "paused" : status.state,
                            "\(status.position)", "\(status.head)", "\(status.eventsBehind)",
                            String(format: "%.1f", status.secondsBehind), status.worker ?? "none",
                        ]
                    })
                for status in statuses {
                    if let complaint = status.complaint { try printing.line("\(status.projection) \(complaint)") }
                    if let exclusions = status.exclusions { try printing.line("\(status.projection) \(exclusions); see projections skips") }
                }
            }
            if statuses.contains(where: { $0.failure != nil }) { throw ExitCode.foundProblems }
        }
    }

    struct Verify: AsyncParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(
                commandName: "verify", abstract: "Compare the read tables with a fold of the log; status 3 if they differ.",
                discussion: "Replays the log into scratch tables within one snapshot and rolls back. Nothing is changed.")
        }

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The projection.")
        var projection: String

        func run() async throws {
            let progress = ProgressDisplay("verify", unit: "events")
            try await common.assembled(P.self) { assembly in
                try await verify(try assembly.known(projection), assembly, progress)
            }
        }

        private func verify(_ projection: any PostgresProjection, _ assembly: Assembly, _ progress: ProgressDisplay) async throws {
            let report = try await interruptible(leaving: "nothing was changed") {
                try await Verification(projection, in: assembly.database).run { done, total in
                    progress.update(done: done.rawValue, total: total.rawValue)
                }
            }.value
            progress.finish()
            let printing = Printing(json: output.json)
            let left = report.excluded == 0 ? "" : " without \(report.excluded) events that it was told to leave out"
            let text = report.tables.map { table in
                "\(table.name): \(table.rows) rows, \(table.missing) missing, \(table.unexpected) unexpected"
            }.joined(separator: "\n")
            try printing.object(report, text: text)
            try printing.note(
                "\(report.projection) \(report.matches ? "equals" : "DIFFERS FROM") a fold of the log up to position \(report.position)\(left)."
            )
            if !report.matches { throw ExitCode.foundProblems }
        }
    }

    struct Retry: AsyncParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(commandName: "retry", abstract: "Let a projection that stopped at an event try again.")
        }

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions
        @Argument(help: "The projection.")
        var projection: String

        func run() async throws {
            let retried = try await common.assembled(P.self) {
                try await $0.database.retry(try $0.known(projection).name, by: $0.localOperator.subject)
            }
            try Printing(json: output.json).object(
                Answer(projection: projection, retried: retried),
                text: retried ? "\(projection) tries again." : "\(projection) has not stopped.")
        }

        private struct Answer: Encodable {
            let projection: String
            let retried: Bool
        }
    }
}

extension Assembly {
    /// The projection of this name.
    func known(_ name: String) throws -> any PostgresProjection {
        guard let projection = projection(named: name) else {
            let names = composition.projections.map(\.name.rawValue).joined(separator: ", ")
            throw Misconfigured("there is no projection “\(name)”; there are \(names)")
        }
        return projection
    }
}
