public import Logging

/// Where the edge listens, and its limits. The defaults are safe to face strangers with, behind a proxy that ends TLS.
public struct EdgeConfiguration: Sendable {
    public var host: String
    /// 0 picks a free port; ``HTTPEdge/application(router:onStart:)`` tells which.
    public var port: Int

    /// The largest accepted body, in bytes.
    public var bodyLimit = 1 << 20
    /// The largest accepted block of headers, in bytes.
    public var headerLimit = 16 << 10
    public var headerCountLimit = 100
    /// Where there are more connections than this, those go that do nothing: the longest idle first, then the longest at their
    /// headers, then the slowest bodies; never one whose answer is being made. If none can go, the new one is answered 503. The default is 10,000,
    /// or what the limit of open files leaves room for.
    public var maximumConnections = OpenFiles.connections(within: OpenFiles.limit)
    /// The same for the connections of one address (of IPv6: of one /64); nil: no limit of its own. Behind a proxy all come from one address.
    public var maximumConnectionsPerAddress: Int? = 1_000
    /// What may be under way.
    public var limits = RequestLimits()

    /// How long a connection may do nothing.
    public var idleTimeout: Duration = .seconds(60)
    /// How long the headers of a request may take to arrive; each connection has up to three tenths more, and so has `bodyGrace`.
    public var headerDeadline: Duration = .seconds(10)
    /// How long a request may take from its headers to the end of its answer. Then it is answered 408 or 503, and the
    /// connection closed. Work in progress is not cancelled: an append that was sent is never cancelled.
    public var requestDeadline: Duration = .seconds(30)
    /// How slow a body may be, in bytes a second, while it is waited for.
    public var minimumBodyRate = 4 << 10
    /// How long a body may take to get going.
    public var bodyGrace: Duration = .seconds(5)
    /// Bodies above this, in bytes, come in turn.
    public var largeBody = 64 << 10
    /// How many large bodies are read at once, and so are in memory.
    public var largeBodiesRead = 64
    /// How many large bodies are worked on at once.
    public var largeBodiesWorkedOn = 1
    /// How long a refused client may go on sending before its connection is cut.
    public var lingering: Duration = .seconds(2)

    /// How long a query waits for the position it was given.
    public var patience: Duration = .seconds(5)

    /// After so long without an answer an event stream shows a sign of life. As often it is asked whether its credential still holds.
    public var heartbeat: Duration = .seconds(15)

    /// Whether answers to `GET` that are kept in memory are written where the request arrives, past the router. Off, layers of your
    /// own see every request. They go through it anyway while each request is logged, or traced.
    public var answersDirectly = true
    /// Whether health and metrics are answered here; not where a ``MonitoringEdge`` answers them on a port of its own.
    public var answersHealth = true

    /// The pages that may call from a browser (CORS); none unless named.
    public var allowedOrigins: [Origin] = []
    /// The certificate to serve HTTPS with; nil: HTTP.
    public var tls: TLSIdentity?
    /// At what level each request leaves a line, with its route, status, duration, correlation id and subject.
    public var requestLogLevel = Logger.Level.debug

    public init(host: String = "127.0.0.1", port: Int = 8080) {
        self.host = host
        self.port = port
    }
}
