/// How much is appended at once and how long is waited.
public struct AppendLimits: Sendable {
    /// Commands in one transaction at most, unless one chain alone has more.
    public var batchCount = 512
    /// Bytes of events in one transaction at most, unless one command or chain alone has more.
    public var batchBytes = 1 << 20
    /// Commands that may wait for their turn, a chain counted as one. One more is answered `Unavailable` at once.
    public var queueCount = 10_000
    /// How long the database waits for the append lock.
    public var lockTimeout: Duration = .seconds(5)
    /// How long one attempt may take.
    public var attemptTimeout: Duration = .seconds(15)
    /// How long an append is tried again after the connection broke, before it is answered unknown or unavailable.
    public var budget: Duration = .seconds(10)

    public init() {}
}
