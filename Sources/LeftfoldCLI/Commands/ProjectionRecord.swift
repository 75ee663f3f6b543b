import ArgumentParser
import Foundation
import Leftfold
import LeftfoldPostgres
import LeftfoldService

struct ProjectionSkips<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "skips", abstract: "What the projections leave out, and why.")
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let printing = Printing(json: output.json)
        let skips = try await common.assembled(P.self) { try await $0.database.skips() }
        if output.json {
            for skip in skips { try printing.object(skip, text: "") }
            return
        }
        try printing.table(
            ["projection", "position", "stream", "what", "since", "by", "reason"],
            skips.map { skip in
                let parked = "parked from version \(skip.fromVersion ?? 0), \(skip.waiting ?? 0) events wait"
                return [
                    skip.projection, "\(skip.position)", skip.stream, skip.type ?? parked, skip.performedAt.formatted(.iso8601),
                    "\(skip.principal) (\(skip.sessionRole))", skip.reason ?? "",
                ]
            })
        for skip in skips {
            if let failure = skip.failure {
                try printing.line("\(skip.stream) could not be taken back into \(skip.projection): \(failure)")
            }
        }
    }
}

struct ProjectionOperations<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "operations", abstract: "What operators did to projections, who and why. The newest first.")
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "Only to this projection, which may be gone.")
    var projection: String?
    @Option(name: .shortAndLong, help: "How many at most.")
    var limit = 50

    func validate() throws { try require("--limit", limit, in: Ranges.limit) }

    func run() async throws {
        let name = try projection.map { text in
            guard let name = ProjectionName(rawValue: text) else { throw Misconfigured("“\(text)” is no name of a projection") }
            return name
        }
        let printing = Printing(json: output.json)
        let operations = try await common.assembled(P.self) { try await $0.database.operations(of: name, limit: limit) }
        if output.json {
            for operation in operations { try printing.object(operation, text: "") }
            return
        }
        try printing.table(
            ["at", "operation", "projection", "position", "stream", "by", "reason"],
            operations.map { done in
                [
                    done.performedAt.formatted(.iso8601), done.operation, done.projection, done.position.map { "\($0)" } ?? "",
                    done.stream ?? "",
                    "\(done.principal) (\(done.sessionRole))", done.reason ?? "",
                ]
            })
    }
}
