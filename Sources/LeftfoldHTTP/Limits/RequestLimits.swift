/// How many requests may be under way, and how fast they may come.
public struct RequestLimits: Sendable, Equatable {
    /// Of all together. More are refused with 503.
    public var running = 2_000
    /// Of one principal. More are refused with 429.
    public var perPrincipal = 500
    /// Requests a second of one principal, on average; nil: any number. Faster ones are refused with 429.
    public var rate: Double?
    /// Requests of one principal at once, before the rate counts.
    public var burst = 100
    /// Event streams that may be open, all together. More are refused with 503.
    public var eventStreams = 400
    /// Of one principal. More are refused with 429.
    public var eventStreamsPerPrincipal = 20

    public init() {}
}
