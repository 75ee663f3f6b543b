import Leftfold
import LeftfoldHTTP
import LeftfoldPostgres
import Logging
import ServiceLifecycle

extension Assembly {
    /// The HTTP edge.
    func edge(metrics: PrometheusMetrics?, onStart: @escaping @Sendable (Int) async -> Void) async throws -> any Service {
        var configuration = edgeConfiguration
        configuration.tls = try settings.tlsIdentity()
        let edge = try httpEdge(try await authenticator(), metrics, configuration)
        return edge.application(open: composition.openRoutes, custom: composition.ownRoutes, onStart: onStart)
    }

    /// All but the certificate, which is read from files.
    private var edgeConfiguration: EdgeConfiguration {
        var configuration = EdgeConfiguration(host: settings.host, port: settings.port)
        configuration.patience = settings.readPatience
        configuration.maximumConnections = settings.maximumConnections ?? configuration.maximumConnections
        configuration.maximumConnectionsPerAddress = settings.maximumConnectionsPerAddress
        configuration.limits = settings.requestLimits
        configuration.answersHealth = settings.adminPort == nil
        configuration.allowedOrigins = settings.allowedOrigins
        if settings.logRequests { configuration.requestLogLevel = .info }
        return configuration
    }

    private func httpEdge(
        _ authenticator: any Authenticator, _ metrics: PrometheusMetrics?, _ configuration: EdgeConfiguration
    ) throws -> HTTPEdge {
        try HTTPEdge(
            commands: commands, queries: queries, authenticator: authenticator, routes: composition.routes,
            // Strangers ask here: what the database says in its own words is for `doctor`, and for a port of one's own.
            readiness: { await readinessToServe().map { ReadinessCheck($0.check, healthy: $0.healthy, degraded: $0.degraded) } },
            metrics: metrics,
            info: ServiceInfo(title: name, version: version),
            configuration: configuration, logger: logger)
    }

    /// The contract in OpenAPI 3.1 that `GET /openapi.json` of such a process answers, as JSON. Needs neither a database nor keys.
    ///
    /// Throws what a process with these routes would not start for.
    ///
    /// - Parameter metrics: whether it has `GET /metrics`.
    public func contract(metrics: Bool = true) throws -> [UInt8] {
        try httpEdge(NobodyMayEnter(), metrics ? PrometheusMetrics() : nil, edgeConfiguration)
            .contract(open: composition.openRoutes, custom: composition.ownRoutes)
    }

    private func authenticator() async throws -> any Authenticator {
        if let own = composition.authenticator { return own }
        return try await settings.authenticator(for: name, logger)
    }

    /// One projector for each projection.
    func projectors() -> [any Service] {
        composition.projections.map {
            Projector(
                $0, in: database, batchSize: settings.projectionBatch,
                whenChanged: settings.rebuildsChanged ? .rebuilds(keeping: .during(.seconds(86_400))) : .waits, logger: logger)
        }
    }

    /// What compares the read tables with the log all the time, where that is wanted.
    func verification() -> [any Service] {
        guard let interval = settings.verifyEvery, !composition.projections.isEmpty else { return [] }
        return [
            ContinuousVerification(
                composition.projections, in: database, every: interval, eventsPerSecond: settings.verifyEventsPerSecond, logger: logger)
        ]
    }

    /// A process that answers requests is ready whatever the projections do; how they are doing is shown all the same.
    private func readinessToServe() async -> [Health.Finding] {
        let findings = await readiness()
        guard findings.allSatisfy(\.healthy) else { return findings }
        return findings + (await health.projectionsSeen(maximumLag: Self.maximumLag))
    }

    /// Health and metrics of a process that answers requests, on a port of their own.
    func administration(_ port: Int, metrics: PrometheusMetrics?) -> any Service {
        let host = settings.adminHost ?? settings.host
        return monitoring(host, port, metrics: metrics, readiness: { await readinessToServe() }) { [logger] port in
            logger.info("health and metrics", metadata: ["host": "\(host)", "port": "\(port)"])
        }
    }

    /// Health and metrics of a process that projects only. It is ready while the projections are at work, here or elsewhere.
    func monitoring(_ port: Int, metrics: PrometheusMetrics?, onStart: @escaping @Sendable (Int) async -> Void) -> any Service {
        monitoring(
            settings.host, port, metrics: metrics,
            readiness: {
                var findings = await readiness(as: [.projector])
                if findings.allSatisfy(\.healthy) { findings += await health.projectionsAtWork(maximumLag: Self.maximumLag) }
                return findings
            }, onStart: onStart)
    }

    private func monitoring(
        _ host: String, _ port: Int, metrics: PrometheusMetrics?, readiness: @escaping @Sendable () async -> [Health.Finding],
        onStart: @escaping @Sendable (Int) async -> Void
    ) -> any Service {
        var configuration = EdgeConfiguration(host: host, port: port)
        // Out of the descriptors that the connections of clients leave.
        configuration.maximumConnections = 100
        return MonitoringEdge(
            readiness: { await readiness().map(\.readiness) }, metrics: metrics, configuration: configuration, logger: logger,
            onStart: onStart)
    }

    /// In seconds.
    private static var maximumLag: Double { 60 }
}

/// For an edge that is only looked at.
private struct NobodyMayEnter: Authenticator {
    func authenticate(_ credential: Credential) async throws -> Principal { throw TokenRefusal.invalid }
}

extension Health.Finding {
    fileprivate var readiness: ReadinessCheck {
        ReadinessCheck(check, healthy: healthy, degraded: degraded, detail: healthy && !degraded ? nil : detail)
    }
}
