/// How much is appended at once and how long is waited.
public struct AppendLimits: Sendable {
    /// Commands in one transaction at most, unless one chain alone has more.
    public var batchCount = 512
    /// Bytes of events in one transaction at most, unless one command or chain alone has more.
    public var batchBytes = 1 << 20
    /// Commands that may wait for their turn, a chain counted as one. One more is answered `Unavailable` at once.
    public var queueCount = 10_000
    /// How long the database waits for the append lock.
    public var lockTimeout: Duration = .seconds(2)
    /// How long one attempt may take.
    public var attemptTimeout: Duration = .seconds(8)
    /// How long an append is tried again after the connection broke or had no answer, before it is answered unknown or unavailable. Longer
    /// than one attempt, so that an answer that got lost is asked for again.
    public var budget: Duration = .seconds(15)

    public init() {}
}
