import ArgumentParser
import Foundation
import LeftfoldPostgres
import Logging

struct Doctor<C: Composition>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "doctor", abstract: "Look for what is wrong; status 3 if something is.",
            discussion: "Health checks of containers use it with --check.")
    }

    enum Check: String, ExpressibleByArgument, CaseIterable { case database, schema, projections, server, http }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Option(
        name: .long,
        help: "Only this; repeat for more: \(Check.allCases.map(\.rawValue).joined(separator: ", ")). All but http unless given.")
    var check: [Check] = []
    @Option(name: .long, help: "Seconds that a projection may be behind.")
    var maximumLag: Double = 60

    func run() async throws {
        try await reporting {
            let settings = try await common.settings()
            let wanted = check.isEmpty ? [.database, .schema, .projections, .server] : check
            var findings: [Health.Finding] = []
            if wanted.contains(.http) { findings.append(await http(settings)) }
            if wanted != [.http] {
                findings += try await Assembly<C>(settings, logger: .forProgram(C.name, level: .critical)).use { assembly in
                    let health = Health(database: assembly.database, projections: C.projections)
                    var findings: [Health.Finding] = []
                    if wanted.contains(.database) { findings.append(await health.databaseReachable()) }
                    if findings.contains(where: { !$0.healthy }) { return findings }
                    if wanted.contains(.schema) { findings.append(await health.schemaCurrent()) }
                    if wanted.contains(.projections) { findings += await health.projectionsAtWork(maximumLag: maximumLag) }
                    if wanted.contains(.server) { findings += await health.serverSettings() }
                    return findings
                }
            }
            let printing = Printing(json: output.json)
            for finding in findings {
                try printing.object(finding, text: "\(finding.healthy ? "ok  " : "BAD ") \(finding.check): \(finding.detail)")
            }
            if findings.contains(where: { !$0.healthy }) { throw ExitCode.foundProblems }
        }
    }

    /// Asks the server on this machine whether it is ready.
    private func http(_ settings: Settings) async -> Health.Finding {
        let host = ["0.0.0.0", "::", ""].contains(settings.host) ? "127.0.0.1" : settings.host
        let answer = await PlainHTTP.status(of: "/health/ready", host: host, port: settings.port, within: .seconds(5))
        switch answer {
        case .success(let status): return .init(check: "http", healthy: status == 200, detail: "GET /health/ready answered \(status)")
        case .failure(let problem): return .init(check: "http", healthy: false, detail: problem.description)
        }
    }
}
