public import Hummingbird
public import Leftfold
public import Logging
import Tracing

/// The HTTP service over a command bus and a query bus. Without any route it already has
///
/// - `POST /commands/{Name}` and `POST /queries/{Name}` for everything that is registered,
/// - `GET /health/live`, `GET /health/ready` and, where there are metrics, `GET /metrics`, open to all, unless a ``MonitoringEdge`` answers them.
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
    private let configuration: EdgeConfiguration
    private let logger: Logger

    /// - Parameters:
    ///   - routes: the resource API. Each must name a registered command or query.
    ///   - authenticator: who may come in; a ``TokenVerifier``, usually.
    ///   - readiness: what must be well before traffic is taken. Nothing to check means ready.
    ///   - metrics: what `GET /metrics` tells; nil for no such route.
    public init(
        commands: CommandBus, queries: QueryBus, authenticator: any Authenticator, routes: [Route] = [],
        readiness: @escaping @Sendable () async -> [ReadinessCheck] = { [] }, metrics: PrometheusMetrics? = nil,
        configuration: EdgeConfiguration = EdgeConfiguration(), logger: Logger
    ) throws {
        let known = (commands: Set(commands.names), queries: Set(queries.names))
        for route in routes where !(route.isCommand ? known.commands : known.queries).contains(route.name) {
            throw UnregisteredRoute(
                description: "\(route.method) \(route.path) stands for “\(route.name)”, which is not registered with its bus.")
        }
        buses = Buses(commands: commands, queries: queries, bodyLimit: configuration.bodyLimit, patience: configuration.patience)
        self.authenticator = authenticator
        self.routes = routes
        monitoring = MonitoringRoutes(readiness: readiness, metrics: metrics)
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
    ///   - open: adds routes that need no token.
    ///   - custom: adds routes behind authentication; ``EdgeContext/principal`` tells who asks. Errors thrown there become
    ///     problems like all others.
    ///   - onStart: called with the port when connections are accepted.
    public func application(
        open: (Router<EdgeContext>) -> Void = { _ in }, custom: (Router<EdgeContext>) -> Void = { _ in },
        onStart: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        EdgeServer(configuration: configuration, logger: logger).application(router(open: open, custom: custom), onStart: onStart)
    }

    /// Layers apply to the routes added after them: health before authentication, everything else behind it.
    private func router(open: (Router<EdgeContext>) -> Void, custom: (Router<EdgeContext>) -> Void) -> Router<EdgeContext> {
        let router = Router(context: EdgeContext.self)
        let directory = RouteDirectory()
        if !(InstrumentationSystem.tracer is NoOpTracer) {
            // What people typed does not belong into traces.
            router.add(middleware: TracingMiddleware(redactingQueryParameters: Set(routes.flatMap(\.textParameters))))
        }
        let origins = AllowedOrigins(configuration.allowedOrigins)
        if !origins.isEmpty { router.add(middleware: CrossOriginMiddleware(origins)) }
        router.add(
            middleware: EdgeMiddleware(directory: directory, bodyLimit: configuration.bodyLimit, logLevel: configuration.requestLogLevel))
        // Before what may be refused for the number of requests: who asks how it is going is answered.
        if configuration.answersHealth { monitoring.add(to: router) }
        router.add(middleware: OverloadMiddleware(configuration.limits.running))
        open(router)

        router.add(middleware: LargeBodyMiddleware(threshold: configuration.largeBody))
        router.add(middleware: AuthenticationMiddleware(authenticator: authenticator))
        router.add(middleware: PrincipalLimitMiddleware(configuration.limits))
        let buses = buses
        router.on(RouterPath(NamedRoutes.command), method: .post) { try await NamedRoutes.send($0, $1, buses) }
        router.on(RouterPath(NamedRoutes.query), method: .post) { try await NamedRoutes.ask($0, $1, buses) }
        for route in routes {
            router.on(RouterPath(route.path), method: route.method) { try await route.respond($0, $1, buses) }
        }
        custom(router)
        directory.fill(from: router)
        return router
    }
}
