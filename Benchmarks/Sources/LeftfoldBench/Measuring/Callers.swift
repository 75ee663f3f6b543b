/// A number of callers, each of which sends its next request when the last one is answered, and no sooner than its pace allows.
struct Callers: Sendable {
    let count: Int
    let duration: Duration
    /// Requests per second of all callers together; nil for as many as possible.
    var pace: Double?

    /// Before it counts.
    private var warmUp: Duration { min(duration / 4, .seconds(1)) }

    /// - Parameters:
    ///   - state: what a caller, told by its number, begins with.
    ///   - request: one request. An error ends the benchmark.
    func run<State: Sendable>(
        _ state: @Sendable (Int) -> State, _ request: @escaping @Sendable (inout State) async throws -> Void
    ) async throws -> Figure {
        let start = ContinuousClock.now + warmUp
        let end = start + duration
        let latencies = try await withThrowingTaskGroup(of: [Duration].self) { group in
            for number in 0..<count {
                let initial = state(number)
                group.addTask { try await call(initial, number, from: start, until: end, request) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return Figure(rate: Double(latencies.count) / duration.seconds, latencies: latencies)
    }

    private func call<State: Sendable>(
        _ state: State, _ number: Int, from start: ContinuousClock.Instant, until end: ContinuousClock.Instant,
        _ request: @Sendable (inout State) async throws -> Void
    ) async throws -> [Duration] {
        var state = state
        var latencies: [Duration] = []
        let interval = pace.map { Duration.seconds(Double(count) / $0) }
        // Spread evenly, or all callers would come at once.
        var due = ContinuousClock.now + (interval ?? .zero) * number / count
        while true {
            if let interval {
                try await Task.sleep(until: due, clock: .continuous)
                due += interval
            }
            let begun = ContinuousClock.now
            guard begun < end else { return latencies }
            try await request(&state)
            let done = ContinuousClock.now
            if done >= start, done <= end { latencies.append(done - begun) }
        }
    }
}
