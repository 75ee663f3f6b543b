public import Hummingbird
public import Leftfold
public import Logging
import Tracing

/// The HTTP service over a command bus and a query bus. Without any route it already has
///
/// - `POST /commands/{Name}` and `POST /queries/{Name}` for everything that is registered,
/// - `GET /health/live`, `GET /health/ready` and, where there are metrics, `GET /metrics`, open to all, unless a ``MonitoringEdge`` answers them,
/// - `GET /openapi.json`, its contract in OpenAPI 3.1, `GET /docs`, the same for people, and `GET /`, which says where they are, open to all.
///
/// ```swift
/// let edge = try HTTPEdge(commands: commands, queries: queries, authenticator: verifier, routes: routes, logger: logger)
/// let service = edge.application()    // a Service for your ServiceGroup
/// ```
public struct HTTPEdge: Sendable {
    private let buses: Buses
    private let authenticator: any Authenticator
    private let routes: [Route]
    private let monitoring: MonitoringRoutes
    private let info: ServiceInfo
    private let configuration: EdgeConfiguration
    private let logger: Logger
    private let timers = RequestTimers()
    private let ledger: RequestLedger

    /// - Parameters:
    ///   - routes: the resource API. Each must name a registered command or query.
    ///   - authenticator: who may come in; a ``TokenVerifier``, usually.
    ///   - readiness: what must be well before traffic is taken. Nothing to check means ready.
    ///   - metrics: what `GET /metrics` tells; nil for no such route.
    ///   - info: what the service calls itself in its contract.
    public init(
        commands: CommandBus, queries: QueryBus, authenticator: any Authenticator, routes: [Route] = [],
        readiness: @escaping @Sendable () async -> [ReadinessCheck] = { [] }, metrics: PrometheusMetrics? = nil,
        info: ServiceInfo = ServiceInfo(), configuration: EdgeConfiguration = EdgeConfiguration(), logger: Logger
    ) throws {
        let known = (commands: Set(commands.names), queries: Set(queries.names))
        for route in routes where !(route.isCommand ? known.commands : known.queries).contains(route.name) {
            throw UnregisteredRoute(
                description: "\(route.method) \(route.path) stands for “\(route.name)”, which is not registered with its bus.")
        }
        ledger = RequestLedger(configuration.limits)
        // Each request that is told has to go where it is told.
        let isDirect = configuration.answersDirectly && logger.logLevel > configuration.requestLogLevel
        buses = Buses(
            commands: commands, queries: queries, bodyLimit: configuration.bodyLimit, patience: configuration.patience,
            eventStreams: EventStreamPlaces(
                limit: configuration.limits.eventStreams, limitOfEach: configuration.limits.eventStreamsPerPrincipal),
            heartbeat: configuration.heartbeat,
            direct: isDirect
                ? DirectAnswers(authenticator, ledger, timers, commands.history, isCrossOrigin: !configuration.allowedOrigins.isEmpty) : nil
        )
        self.authenticator = authenticator
        self.routes = routes
        monitoring = MonitoringRoutes(readiness: readiness, metrics: metrics)
        self.info = info
        self.configuration = configuration
        self.logger = logger
    }

    /// A route names a command or query that its bus does not know.
    public struct UnregisteredRoute: Error, CustomStringConvertible {
        public let description: String
    }

    /// The service, ready to run in a service group; it drains requests when that shuts down gracefully.
    ///
    /// - Parameters:
    ///   - open: adds routes that need no token. One of them may take the place of `/`, `/docs` or `/openapi.json`. Layers that are added here,
    ///     or with `custom`, do not see what is answered from memory unless ``EdgeConfiguration/answersDirectly`` is off.
    ///   - custom: adds routes behind authentication; ``EdgeContext/principal`` tells who asks. Errors thrown there become
    ///     problems like all others.
    ///   - onStart: called with the port when connections are accepted.
    public func application(
        open: (Router<EdgeContext>) -> Void = { _ in }, custom: (Router<EdgeContext>) -> Void = { _ in },
        onStart: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        let (router, contract) = router(open: open, custom: custom)
        contract.routes.fill(from: contract.parts)
        return EdgeServer(configuration: configuration, logger: logger).application(router, direct: buses.direct, onStart: onStart)
    }

    /// The contract in OpenAPI 3.1, as JSON: what `GET /openapi.json` answers. Nothing is started for it.
    ///
    /// - Parameters: as those of ``application(open:custom:onStart:)``.
    public func contract(open: (Router<EdgeContext>) -> Void = { _ in }, custom: (Router<EdgeContext>) -> Void = { _ in }) -> [UInt8] {
        Contract(router(open: open, custom: custom).contract.parts).json
    }

    /// Layers apply to the routes added after them: health before authentication, everything else behind it.
    private func router(
        open: (Router<EdgeContext>) -> Void, custom: (Router<EdgeContext>) -> Void
    ) -> (Router<EdgeContext>, contract: (routes: ContractRoutes, parts: ContractParts)) {
        let router = Router(context: EdgeContext.self, options: .autoGenerateHeadEndpoints)
        let directory = RouteDirectory()
        if !(InstrumentationSystem.tracer is NoOpTracer) {
            // What people typed does not belong into traces.
            router.add(middleware: TracingMiddleware(redactingQueryParameters: Set(routes.flatMap(\.textParameters))))
        }
        let origins = AllowedOrigins(configuration.allowedOrigins)
        if !origins.isEmpty { router.add(middleware: CrossOriginMiddleware(origins)) }
        router.add(
            middleware: EdgeMiddleware(
                directory: directory, bodyLimit: configuration.bodyLimit, logLevel: configuration.requestLogLevel,
                timers: timers, history: buses.history))
        // Before what may be refused for the number of requests: who asks how it is going is answered.
        if configuration.answersHealth { monitoring.add(to: router) }
        router.add(middleware: OverloadMiddleware(configuration.limits.running))
        var parts = ContractParts(
            info: info, commands: buses.commands.types, queries: buses.queries.registeredTypes, routes: routes,
            hasHealth: configuration.answersHealth, hasMetrics: configuration.answersHealth && monitoring.metrics != nil)
        parts.ownRoutes += router.adding(open, isOpen: true)
        let contract = ContractRoutes()
        contract.add(to: router)

        router.add(middleware: LargeBodyMiddleware(threshold: configuration.largeBody))
        router.add(middleware: AuthenticationMiddleware(authenticator: authenticator))
        router.add(middleware: PrincipalLimitMiddleware(ledger))
        let buses = buses
        router.on(RouterPath(NamedRoutes.command), method: .post) { try await NamedRoutes.send($0, $1, buses) }
        router.on(RouterPath(NamedRoutes.query), method: .post) { try await NamedRoutes.ask($0, $1, buses) }
        for route in routes {
            router.on(RouterPath(route.path), method: route.method) { try await route.respond($0, $1, buses) }
        }
        parts.ownRoutes += router.adding(custom, isOpen: false)
        directory.fill(from: router)
        return (router, (contract, parts))
    }
}

extension Router<EdgeContext> {
    /// The routes that these are, for the contract; without those whose paths it cannot say.
    fileprivate func adding(_ routes: (Router<EdgeContext>) -> Void, isOpen: Bool) -> [ContractParts.OwnRoute] {
        let before = described(isOpen: isOpen)
        routes(self)
        return described(isOpen: isOpen).subtracting(before).sorted { ($0.path, $0.method.rawValue) < ($1.path, $1.method.rawValue) }
    }

    private func described(isOpen: Bool) -> Set<ContractParts.OwnRoute> {
        let routes = self.routes.map { ContractParts.OwnRoute(method: $0.method, path: $0.path.description, isOpen: isOpen) }
        return Set(routes.filter { !$0.path.contains("*") && ["GET", "POST", "PUT", "PATCH", "DELETE"].contains($0.method.rawValue) })
    }
}
