import Leftfold
import LeftfoldDriver
import Synchronization

/// Matches acknowledgements with the announcements of a projection's checkpoint.
final class Visibility: Sendable {
    private struct State {
        var reached: GlobalPosition = .zero
        var waiting: [(position: GlobalPosition, since: ContinuousClock.Instant)] = []
        var latencies: [Duration] = []
    }

    private let projection: String
    private let state = Mutex(State())

    init(of projection: ProjectionName) { self.projection = projection.rawValue }

    var latencies: [Duration] { state.withLock { $0.latencies } }

    func receive(_ event: Listener.Event) {
        guard case .notification(_, let payload) = event else { return }
        // `follower from to touched`
        let words = payload.split(separator: " ")
        guard words.count >= 3, words[0].hasPrefix("\(projection)."), let position = Int64(words[2]) else { return }
        let now = ContinuousClock.now
        state.withLock { state in
            state.reached = max(state.reached, GlobalPosition(rawValue: position))
            for waiter in state.waiting where waiter.position <= state.reached { state.latencies.append(now - waiter.since) }
            state.waiting.removeAll { $0.position <= state.reached }
        }
    }

    /// A command was acknowledged now.
    func acknowledged(_ position: GlobalPosition) {
        let now = ContinuousClock.now
        state.withLock { state in
            // The projector may be faster than our own scheduler.
            if position <= state.reached { state.latencies.append(.zero) } else { state.waiting.append((position, now)) }
        }
    }

    func forget() { state.withLock { $0.latencies = [] } }

    func wait(for position: GlobalPosition, atMost limit: Duration) async throws {
        let deadline = ContinuousClock.now + limit
        while state.withLock({ $0.reached < position }) {
            guard ContinuousClock.now < deadline else {
                throw Unexpected(description: "the projector does not arrive at position \(position)")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
