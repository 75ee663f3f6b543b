import ArgumentParser
import Foundation
import LeftfoldPostgres
import LeftfoldService
import Logging

struct Doctor<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "doctor", abstract: "Look for what is wrong; status 3 if something is.",
            discussion: "Health checks of containers use it with --check.")
    }

    enum Check: String, ExpressibleByArgument, CaseIterable { case database, schema, projections, server, own, http, projector }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Option(
        name: .long,
        help:
            "Only this; repeat for more: \(Check.allCases.map(\.rawValue).joined(separator: ", ")). All but http and projector unless given."
    )
    var check: [Check] = []
    @Option(name: .long, help: "Seconds that a projection may be behind.")
    var maximumLag: Double = 60

    func run() async throws {
        try await reporting {
            var settings = try await common.settings()
            let wanted = check.isEmpty ? [.database, .schema, .projections, .server, .own] : check
            var findings: [Health.Finding] = []
            if wanted.contains(.http) { findings.append(await readiness("http", settings.host, settings.port)) }
            if wanted.contains(.projector) {
                guard let port = settings.projectPort else { throw Misconfigured("there is no PROJECT_PORT to ask the projector at") }
                findings.append(await readiness("projector", settings.host, port))
            }
            if !Set(wanted).isSubset(of: [.http, .projector]) {
                settings.logLevel = .critical
                findings += try await P.withAssembly(settings) { assembly in
                    let health = assembly.health
                    var findings: [Health.Finding] = []
                    if wanted.contains(.database) { findings.append(await health.databaseReachable()) }
                    if findings.contains(where: { !$0.healthy }) { return findings }
                    if wanted.contains(.schema) { findings.append(await health.schemaCurrent()) }
                    if wanted.contains(.projections) { findings += await health.projectionsAtWork(maximumLag: maximumLag) }
                    if wanted.contains(.server) { findings += await health.serverSettings() }
                    if wanted.contains(.own) { findings += await assembly.ownFindings() }
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

    /// Asks a process on this machine whether it is ready.
    private func readiness(_ check: String, _ host: String, _ port: Int) async -> Health.Finding {
        let host = ["0.0.0.0", "::", ""].contains(host) ? "127.0.0.1" : host
        switch await PlainHTTP.status(of: "/health/ready", host: host, port: port, within: .seconds(5)) {
        case .success(let status): return .init(check, healthy: status == 200, detail: "GET /health/ready answered \(status)")
        case .failure(let problem): return .init(check, healthy: false, detail: problem.description)
        }
    }
}
