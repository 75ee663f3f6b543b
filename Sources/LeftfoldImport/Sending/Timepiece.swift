/// Monotonic time, and waiting in it. Tests bring their own.
struct Timepiece: Sendable {
    /// Time since some moment.
    let now: @Sendable () -> Duration
    let sleep: @Sendable (Duration) async throws -> Void

    static let system = Timepiece(
        now: { [start = ContinuousClock.now] in .now - start },
        sleep: { try await Task.sleep(for: $0) })
}
