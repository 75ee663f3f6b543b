/// The pauses between attempts that fail: each twice as long as the one before, up to a limit.
///
/// ```swift
/// var backoff = Backoff(from: .milliseconds(50), to: .seconds(5))
/// while !Task.isCancelled {
///     do { try await work { backoff.reset() } } catch { try await Task.sleep(for: backoff.next()) }
/// }
/// ```
package struct Backoff: Sendable {
    private let first: Duration
    private let limit: Duration
    private let jitter: Double
    private var pause: Duration

    /// - Parameters:
    ///   - first: the pause after the first failure, before chance shortens it.
    ///   - limit: no pause is longer.
    ///   - jitter: how much of each pause is left to chance, from 0 to 1, so that many who failed together do not come back together.
    package init(from first: Duration, to limit: Duration, jitter: Double = 0.5) {
        self.first = min(first, limit)
        self.limit = limit
        self.jitter = jitter
        pause = self.first
    }

    /// How long to wait after one more failure.
    package mutating func next() -> Duration {
        defer { pause = min(pause * 2, limit) }
        return jitter > 0 ? pause * Double.random(in: 1 - jitter...1) : pause
    }

    /// Something went well: the next failure is the first again.
    package mutating func reset() { pause = first }
}
