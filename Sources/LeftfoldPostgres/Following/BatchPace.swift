import LeftfoldDriver
import Synchronization

/// How much a follower takes at a time, and how long it may take. Who meets the deadline tries again with half as many events; a single
/// event gets twice the time. What goes well brings both back.
final class BatchPace: Sendable {
    /// A batch holds the checkpoint and what it writes: whoever sends it and falls silent must be found out soon.
    static let usualDeadline: Duration = SilentSenders.batch - .seconds(2)
    private static let longestDeadline: Duration = .seconds(600)

    private struct State {
        var size: Int
        var deadline = BatchPace.usualDeadline
    }

    private let maximum: Int
    private let state: Mutex<State>

    /// - Parameter size: events at a time at most.
    init(_ size: Int) {
        maximum = max(1, size)
        state = Mutex(State(size: maximum))
    }

    /// Events that are looked at for the next batch at most.
    var size: Int { state.withLock { $0.size } }
    /// Of a batch, for whoever opens a connection for the next ones.
    var deadline: Duration { state.withLock { $0.deadline } }

    /// Does the work for one batch, and learns from it.
    func keep(_ work: () async throws -> Void) async throws {
        let start = ContinuousClock.now
        do {
            try await work()
        } catch let error as PostgresError where error.isOverdue {
            slowDown()
            throw error
        }
        speedUp(after: .now - start)
    }

    /// The deadline was met, by a batch or by who read what was to be one.
    func slowDown() {
        state.withLock { state in
            if state.size > 1 {
                state.size /= 2
            } else {
                state.deadline = min(state.deadline * 2, Self.longestDeadline)
            }
        }
    }

    private func speedUp(after time: Duration) {
        state.withLock { state in
            guard time * 4 < state.deadline else { return }
            state.size = min(state.size * 2, maximum)
            if state.size > 1 { state.deadline = Self.usualDeadline }
        }
    }
}

extension PostgresError {
    /// It took longer than it may, by our clock or the server's.
    var isOverdue: Bool { kind == .timeout || sqlState == .queryCanceled }
}
