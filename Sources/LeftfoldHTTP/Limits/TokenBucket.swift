/// A number of requests at once, and so many a second after that.
struct TokenBucket {
    private var tokens: Double
    private var filledAt: ContinuousClock.Instant

    init(full burst: Double, at now: ContinuousClock.Instant) { (tokens, filledAt) = (burst, now) }

    /// Takes one, or says how long it takes until there is one.
    mutating func take(rate: Double, burst: Double, at now: ContinuousClock.Instant) -> Duration? {
        if now > filledAt {
            tokens = min(burst, tokens + (now - filledAt) / .seconds(1) * rate)
            filledAt = now
        }
        guard tokens >= 1 else { return .seconds((1 - tokens) / rate) }
        tokens -= 1
        return nil
    }

    /// What was taken was for nothing.
    mutating func giveBack(burst: Double) { tokens = min(burst, tokens + 1) }
}
