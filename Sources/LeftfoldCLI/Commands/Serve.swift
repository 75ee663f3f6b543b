import ArgumentParser
import Foundation
import Hummingbird
import Leftfold
import LeftfoldHTTP
import LeftfoldPostgres
import Logging
import Metrics
import ServiceLifecycle
import UnixSignals

struct Serve<C: Composition>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "serve", abstract: "Answer HTTP.",
            discussion: "Run as many as you like. Stops on SIGTERM or Ctrl-C after the requests under way are answered.")
    }

    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "Address to listen on; HOST unless given.")
    var host: String?
    @Option(name: .shortAndLong, help: "Port to listen on; PORT unless given; 0 takes a free one.")
    var port: Int?

    func run() async throws {
        try await reporting {
            var settings = try await common.settings()
            settings.host = host ?? settings.host
            settings.port = port ?? settings.port
            let logger = Logger.forProgram(C.name, level: settings.logLevel)
            let metrics = PrometheusMetrics()
            MetricsSystem.bootstrap(metrics)
            let assembly = try Assembly<C>(settings, logger: logger)
            let host = settings.host
            let application = try assembly.edge(settings, keys: try await settings.keySet(), metrics: metrics) { port in
                logger.info("listening", metadata: ["url": "http://\(host):\(port)"])
            }
            try await serviceGroup([assembly.database, application], logger: logger).run()
        }
    }
}

/// Services in the order in which they start; they stop in the reverse one. Ctrl-C and SIGTERM stop them.
func serviceGroup(_ services: [any Service], logger: Logger) -> ServiceGroup {
    var configuration = ServiceGroupConfiguration(
        services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(25)
    return ServiceGroup(configuration: configuration)
}

extension Assembly {
    /// The HTTP edge on this database.
    func edge(
        _ settings: Settings, keys: JSONWebKeySet, metrics: PrometheusMetrics?, onStart: @escaping @Sendable (Int) async -> Void
    ) throws -> some ApplicationProtocol {
        var configuration = EdgeConfiguration(host: settings.host, port: settings.port)
        configuration.patience = settings.readPatience
        let verifier = TokenVerifier(keys: keys, issuer: settings.issuer ?? C.name, audience: settings.audience ?? C.name)
        let edge = try HTTPEdge(
            commands: commands, queries: queries, authenticator: verifier, routes: C.routes,
            readiness: { await Health(database: database, projections: C.projections).readiness() }, metrics: metrics,
            configuration: configuration, logger: logger)
        return edge.application(onStart: onStart)
    }

    /// One projector for each projection.
    func projectors(_ settings: Settings) -> [any Service] {
        func projector(_ projection: any PostgresProjection) -> any Service {
            Projector(projection, in: database, batchSize: settings.projectionBatch, logger: logger)
        }
        return C.projections.map { projector($0) }
    }
}
