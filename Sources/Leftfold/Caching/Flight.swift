import Synchronization

/// One read that several wait for.
final class Flight: Sendable {
    enum Landing: Sendable {
        /// The answer is kept, if it was still true.
        case answered
        /// It failed in a way that would be the same for all who wait.
        case failed(any Error)
        /// It failed in a way that says nothing to others.
        case gone
    }

    private struct State: Sendable {
        var landing: Landing?
        var waiting: [Int: CheckedContinuation<Landing?, Never>] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    func land(_ landing: Landing) {
        let waiting = state.withLock { state in
            state.landing = landing
            defer { state.waiting = [:] }
            return state.waiting
        }
        for continuation in waiting.values { continuation.resume(returning: landing) }
    }

    /// Returns how it ended; nil when the time is over, or the task cancelled.
    func landing(until deadline: ContinuousClock.Instant) async -> Landing? {
        await withTaskGroup(of: Landing?.self) { group in
            group.addTask { await self.wait() }
            group.addTask {
                try? await Task.sleep(until: deadline, clock: .continuous)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    private func wait() async -> Landing? {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now: Landing?? = state.withLock { state in
                    if let landing = state.landing { return landing }
                    if Task.isCancelled { return .some(nil) }
                    state.waiting[number] = continuation
                    return nil
                }
                if let now { continuation.resume(returning: now) }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: nil)
        }
    }
}
