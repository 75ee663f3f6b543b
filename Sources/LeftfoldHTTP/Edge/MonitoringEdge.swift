import Hummingbird
import LeftfoldThreads
public import Logging
import NIOCore
public import ServiceLifecycle

/// `GET /health/live`, `GET /health/ready` and `GET /metrics`, and nothing else, on a port of their own: for processes that answer no
/// requests, such as the projector, and beside an ``HTTPEdge``, whose crowds cannot delay them. Open to all who can reach the port.
///
/// It has a thread of its own in the process: what it answers waits for nobody's requests.
public struct MonitoringEdge: Service {
    private let routes: MonitoringRoutes
    private let server: EdgeServer
    private let onStart: @Sendable (_ port: Int) async -> Void

    /// - Parameters:
    ///   - readiness: what must be well. Nothing to check means ready.
    ///   - metrics: what `GET /metrics` tells; nil for no such route.
    ///   - onStart: called with the port when connections are accepted.
    public init(
        readiness: @escaping @Sendable () async -> [ReadinessCheck] = { [] }, metrics: PrometheusMetrics? = nil,
        configuration: EdgeConfiguration, logger: Logger, onStart: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) {
        routes = MonitoringRoutes(readiness: readiness, metrics: metrics)
        server = EdgeServer(configuration: configuration, logger: logger)
        self.onStart = onStart
    }

    /// Answers until it is stopped.
    public func run() async throws {
        try await MonitoringThread.run { thread in try await application(on: .shared(thread)).run() }
    }

    func application(on loops: EventLoopGroupProvider = .singleton) -> some ApplicationProtocol {
        let router = Router(context: EdgeContext.self, options: .autoGenerateHeadEndpoints)
        let directory = RouteDirectory()
        router.add(
            middleware: EdgeMiddleware(
                directory: directory, bodyLimit: server.configuration.bodyLimit, logLevel: .debug, timers: RequestTimers()))
        routes.add(to: router)
        directory.fill(from: router)
        return server.application(router, on: loops, onStart: onStart)
    }
}

/// What may be known without a token.
struct MonitoringRoutes: Sendable {
    let readiness: @Sendable () async -> [ReadinessCheck]
    let metrics: PrometheusMetrics?

    func add(to router: Router<EdgeContext>) {
        let checks = AskedOnce(readiness)
        router.get("/health/live") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"live":true}"#)))
        }
        router.get("/health/ready") { _, _ in try Readiness(await checks.answer()).response() }
        if let metrics {
            router.get("/metrics") { _, _ in
                Response(
                    status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                    body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.text)))
            }
        }
    }
}
