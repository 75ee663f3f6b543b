/// When a live query asks again.
struct LivePace: Sendable {
    /// No sooner after the last time, however much changes.
    var shortest: Duration = .milliseconds(50)
    /// No later where nobody says that something changed.
    var poll: Duration = .seconds(1)
    /// No later even where somebody would.
    var longest: Duration = .seconds(60)
    /// For how long what is read may be older than what was told.
    var tolerance: Duration = .seconds(30)

    /// Returns true when it is time to ask again, false when `end` comes first. Throws when the task is cancelled.
    ///
    /// - Parameters:
    ///   - asked: when it was asked last.
    ///   - backoff: no sooner than this after it.
    ///   - lag: what it is to be polled at instead of ``poll``, unless zero.
    func wait(
        for basis: AnswerBasis?, since asked: ContinuousClock.Instant, _ backoff: Duration, lag: Duration,
        until end: ContinuousClock.Instant?
    ) async throws -> Bool {
        let earliest = asked + max(shortest, backoff)
        if let basis {
            let latest = asked + longest
            await Self.within(min(latest, end ?? latest)) { await basis.change() }
            try Task.checkCancellation()
            if let end, .now >= end { return false }
        }
        let due = basis == nil ? max(earliest, asked + (lag > .zero ? lag : poll)) : earliest
        if let end, end < due {
            try await Task.sleep(until: end, clock: .continuous)
            return false
        }
        if due > .now { try await Task.sleep(until: due, clock: .continuous) }
        return true
    }

    private static func within(_ end: ContinuousClock.Instant, _ body: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await body() }
            group.addTask { try? await Task.sleep(until: end, clock: .continuous) }
            await group.next()
            group.cancelAll()
        }
    }
}
