import ArgumentParser
import Foundation
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldService
import Logging

struct Doctor<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "doctor", abstract: "Look for what is wrong; status 3 if something is.",
            discussion: """
                What is degraded, such as a projection that somebody has paused, is told and leaves the status as it is. Health checks of \
                containers use it with --check.
                """)
    }

    enum Check: String, ExpressibleByArgument, CaseIterable { case database, schema, rights, projections, server, own, http, projector }

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

    func validate() throws {
        guard maximumLag.isFinite, maximumLag >= 0 else { throw ValidationError("--maximum-lag must be a number of seconds from 0.") }
    }

    func run() async throws {
        var settings = try common.settings()
        let wanted = check.isEmpty ? [.database, .schema, .rights, .projections, .server, .own] : check
        var findings: [Health.Finding] = []
        if wanted.contains(.http) {
            let host = settings.adminPort == nil ? settings.host : settings.adminHost ?? settings.host
            findings.append(await readiness("http", host, settings.adminPort ?? settings.port))
        }
        if wanted.contains(.projector) {
            guard let port = settings.projectPort else { throw Misconfigured("there is no PROJECT_PORT to ask the projector at") }
            findings.append(await readiness("projector", settings.host, port))
        }
        if !Set(wanted).isSubset(of: [.http, .projector]) {
            settings.logLevel = .critical
            findings += try await P.withAssembly(settings) { assembly in
                let health = assembly.health
                var findings: [Health.Finding] = []
                if wanted.contains(.database) { findings.append(await database(assembly)) }
                if findings.contains(where: { !$0.healthy }) { return findings }
                if wanted.contains(.schema) { findings.append(await health.schemaCurrent()) }
                if wanted.contains(.rights) { findings.append(await health.rights()) }
                if wanted.contains(.projections) { findings += await health.projectionsAtWork(maximumLag: maximumLag) }
                if wanted.contains(.server) { findings += await health.serverSettings() }
                if wanted.contains(.own) { findings += await assembly.ownFindings() }
                return findings
            }
        }
        let printing = Printing(json: output.json)
        for finding in findings {
            try printing.object(
                finding, text: "\(!finding.healthy ? "BAD " : finding.degraded ? "warn" : "ok  ") \(finding.check): \(finding.detail)")
        }
        if findings.contains(where: { !$0.healthy }) { throw ExitCode.foundProblems }
    }

    /// Unlike a server, it may say all that the database says.
    private func database(_ assembly: Assembly) async -> Health.Finding {
        do {
            try await Connection.connect(try assembly.settings.connection(for: P.name), logger: assembly.logger).close()
        } catch {
            return .init("database", healthy: false, detail: (error as? PostgresError)?.explanation ?? "\(error)")
        }
        return await assembly.health.databaseReachable()
    }

    /// Asks a process on this machine whether it is ready.
    private func readiness(_ check: String, _ host: String, _ port: Int) async -> Health.Finding {
        let host = ["0.0.0.0": "127.0.0.1", "::": "::1"][host] ?? host
        switch await PlainHTTP.status(of: "/health/ready", host: host, port: port, within: .seconds(5)) {
        case .success(let status): return .init(check, healthy: status == 200, detail: "GET /health/ready answered \(status)")
        case .failure(let problem): return .init(check, healthy: false, detail: problem.description)
        }
    }
}
