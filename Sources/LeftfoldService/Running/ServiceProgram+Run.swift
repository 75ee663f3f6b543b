public import LeftfoldHTTP
import LeftfoldPostgres
public import Logging
import ServiceLifecycle
import UnixSignals

extension ServiceProgram {
    /// Runs the service in these roles until SIGTERM, SIGHUP or Ctrl-C, or until one of its services ends. What is under way is
    /// finished first, for at most 25 seconds.
    ///
    /// Throws ``Misconfigured`` before anything is started, what ``compose(in:)`` throws, or what ended it.
    ///
    /// - Parameters:
    ///   - metrics: what `GET /metrics` tells; nil for no such route. `MetricsSystem.bootstrap` is the program's affair.
    ///   - logger: one as the settings say unless given.
    ///   - onStart: called with the role and the port when HTTP is answered.
    public static func run(
        _ roles: ProcessRoles, settings: Settings, metrics: PrometheusMetrics? = nil, logger: Logger? = nil,
        onStart: @escaping @Sendable (ProcessRoles, Int) async -> Void = { _, _ in }
    ) async throws {
        OpenFiles.raiseLimit()
        let assembly = try await assemble(settings, roles: roles, logger: logger)
        let services: [any Service]
        do {
            services = try await assembly.services(roles, metrics: metrics, onStart: onStart)
        } catch {
            await assembly.database.close()
            throw error
        }
        try await ServiceGroup(configuration: assembly.configuration(services)).run()
    }
}

extension Assembly {
    /// Services in the order in which they start; they stop in the reverse one.
    func configuration(_ services: [any Service]) -> ServiceGroupConfiguration {
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
            gracefulShutdownSignals: [.sigterm, .sigint, .sighup], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(25)
        return configuration
    }

    /// The database first, for it is what all others need; HTTP last, and so first to stop.
    func services(
        _ roles: ProcessRoles, metrics: PrometheusMetrics?, onStart: @escaping @Sendable (ProcessRoles, Int) async -> Void
    ) async throws -> [any Service] {
        var services: [any Service] = [database, ProjectionGauges(database, logger: logger)] + composition.services
        if roles.contains(.project) { services += projectors() + verification() }
        if roles.contains(.serve) {
            // Before the edge, and so stopped after it.
            if let port = settings.adminPort { services.append(administration(port, metrics: metrics)) }
            services.append(try await edge(metrics: metrics) { await onStart(.serve, $0) })
        } else if roles.contains(.project), let port = settings.projectPort {
            services.append(monitoring(port, metrics: metrics) { await onStart(.project, $0) })
        }
        return services
    }
}
