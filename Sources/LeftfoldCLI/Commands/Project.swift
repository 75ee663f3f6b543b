import ArgumentParser
import LeftfoldHTTP
import LeftfoldService
import Logging
import Metrics

struct Project<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "project", abstract: "Keep the read tables up to date.",
            discussion: """
                Run one, or more: they spread the projections among themselves, and take over from who leaves or dies. Stops on SIGTERM, SIGHUP or Ctrl-C after the batch under way. \
                Killed at any moment, the next one goes on where the last transaction committed.

                With PROJECT_PORT or --port it answers /health/live, /health/ready and /metrics there, on HOST. It is ready while \
                every projection is at work, here or in another process.
                """)
    }

    @OptionGroup var common: CommonOptions
    @Option(
        name: .shortAndLong, help: "Port for health and metrics; PROJECT_PORT unless given, and none without either; 0 takes a free one.")
    var port: Int?

    @Flag(
        name: .long,
        help:
            "Where older code built what is live, build the next generation and switch, beside the old processes; PROJECTION_REBUILD_CHANGED does so, too."
    )
    var rebuildChanged = false

    func validate() throws { try require("--port", port, in: Ranges.port) }

    func run() async throws {
        var settings = try common.settings()
        settings.projectPort = port ?? settings.projectPort
        settings.rebuildsChanged = rebuildChanged || settings.rebuildsChanged
        try await P.runProcess(.project, settings)
    }
}

extension CommandLineProgram {
    /// This process, with metrics, until it is stopped.
    static func runProcess(_ roles: ProcessRoles, _ settings: Settings) async throws {
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        let logger = Logger(name, settings)
        try await run(roles, settings: settings, metrics: metrics, logger: logger) { role, port in
            let scheme = role == .serve ? settings.scheme : "http"
            logger.info("listening", metadata: ["url": "\(webAddress(scheme, host: settings.host, port: port))"])
        }
    }
}
