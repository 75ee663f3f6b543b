import ArgumentParser
import Foundation
import Leftfold
import LeftfoldPostgres
import LeftfoldService

struct Projections<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "projections",
            abstract: "How the projections are doing; verify one, look into it, or get it over what stopped it.",
            subcommands: [
                List.self, VerifyProjection<P>.self, ExplainProjection<P>.self, ShowProjection<P>.self, DropPastReadModels<P>.self,
                Retry.self,
                SkipInProjection<P>.self, PauseProjection<P>.self, ResumeProjection<P>.self,
                RollbackProjection<P>.self, DropGeneration<P>.self,
                RemoveProjection<P>.self, ProjectionSkips<P>.self, ProjectionOperations<P>.self,
            ], defaultSubcommand: List.self)
    }

    struct List: AsyncParsableCommand {
        static var configuration: CommandConfiguration {
            CommandConfiguration(commandName: "list", abstract: "Position, lag, worker and failure of each; status 3 if one has failed.")
        }

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions
        @Flag(name: .long, help: "Also generations that are retired: nobody follows them, and they are dropped in time.")
        var all = false

        func run() async throws {
            let printing = Printing(json: output.json)
            let statuses = try await common.assembled(P.self) { try await $0.database.projectionStatuses(retired: all) }
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
