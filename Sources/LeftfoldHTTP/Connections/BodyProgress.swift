import NIOCore

/// Whether the body of a request comes fast enough. Only the time counts in which more was wanted: a client is not slow while the
/// service does not read.
struct BodyProgress {
    /// Bytes a second.
    let rate: Int
    /// How long it may take to get going.
    let grace: Duration

    private var received = 0
    private var waited = TimeAmount.zero
    private var wantedSince: NIODeadline?

    init(rate: Int, grace: Duration) { (self.rate, self.grace) = (rate, grace) }

    mutating func want(at now: NIODeadline) { if wantedSince == nil { wantedSince = now } }

    mutating func stopWanting(at now: NIODeadline) {
        waited = waiting(at: now)
        wantedSince = nil
    }

    mutating func receive(_ bytes: Int) { received += bytes }

    func isTooSlow(at now: NIODeadline) -> Bool { waiting(at: now).nanoseconds > allowed }

    /// When it would be too slow if nothing more came.
    func nextCheck(at now: NIODeadline) -> NIODeadline {
        let left = max(0, allowed - waiting(at: now).nanoseconds)
        return now + .nanoseconds(left) + .milliseconds(1)
    }

    private func waiting(at now: NIODeadline) -> TimeAmount { waited + (wantedSince.map { now - $0 } ?? .zero) }

    /// The time for what was received so far, in nanoseconds.
    private var allowed: Int64 {
        TimeAmount(grace).nanoseconds + Int64(Double(received) / Double(max(1, rate)) * 1e9)
    }
}
