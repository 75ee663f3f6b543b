public import Hummingbird
public import Logging
import NIOCore

/// `GET /health/live`, `GET /health/ready` and `GET /metrics`, and nothing else: for processes that answer no requests, such
/// as the projector. Open to all who can reach the port.
public struct MonitoringEdge: Sendable {
    private let routes: MonitoringRoutes
    private let server: EdgeServer

    /// - Parameters:
    ///   - readiness: what must be well. Nothing to check means ready.
    ///   - metrics: what `GET /metrics` tells; nil for no such route.
    public init(
        readiness: @escaping @Sendable () async -> [ReadinessCheck] = { [] }, metrics: PrometheusMetrics? = nil,
        configuration: EdgeConfiguration, logger: Logger
    ) {
        routes = MonitoringRoutes(readiness: readiness, metrics: metrics)
        server = EdgeServer(configuration: configuration, logger: logger)
    }

    /// The service, ready to run in a service group.
    ///
    /// - Parameter onStart: called with the port when connections are accepted.
    public func application(onStart: @escaping @Sendable (_ port: Int) async -> Void = { _ in }) -> some ApplicationProtocol {
        let router = Router(context: EdgeContext.self, options: .autoGenerateHeadEndpoints)
        let directory = RouteDirectory()
        router.add(middleware: EdgeMiddleware(directory: directory, bodyLimit: server.configuration.bodyLimit, logLevel: .debug))
        routes.add(to: router)
        directory.fill(from: router)
        return server.application(router, onStart: onStart)
    }
}

/// What may be known without a token.
struct MonitoringRoutes: Sendable {
    let readiness: @Sendable () async -> [ReadinessCheck]
    let metrics: PrometheusMetrics?

    func add(to router: Router<EdgeContext>) {
        let (readiness, metrics) = (readiness, metrics)
        router.get("/health/live") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"live":true}"#)))
        }
        router.get("/health/ready") { _, _ in try Readiness(await readiness()).response() }
        if let metrics {
            router.get("/metrics") { _, _ in
                Response(
                    status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                    body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.text)))
            }
        }
    }
}
