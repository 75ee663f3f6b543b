import Synchronization

/// Lets only so many in at once; the others stand in line, first come, first served.
package final class Turnstile: Sendable {
    private struct State: Sendable {
        var free: Int
        var line: [(number: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        var next = 0
    }

    private let state: Mutex<State>

    package init(_ places: Int) { state = Mutex(State(free: max(1, places))) }

    /// Throws ``TooManyQueries`` if there was no turn until then.
    package func pass<Q: Query, T>(
        _ query: Q.Type, until deadline: ContinuousClock.Instant, _ body: () async throws -> T
    ) async throws -> T {
        guard await enter(until: deadline) else {
            try Task.checkCancellation()
            throw TooManyQueries(Q.name)
        }
        defer { leave() }
        return try await body()
    }

    /// To be followed by ``leave()``. False if there was no turn until then, or the task was cancelled.
    package func enter(until deadline: ContinuousClock.Instant) async -> Bool {
        let isFree = state.withLock { state in
            guard state.free > 0 else { return false }
            state.free -= 1
            return true
        }
        if isFree { return true }
        return await withTaskGroup(of: Bool?.self) { group in
            let number = state.withLock { state in
                state.next += 1
                return state.next
            }
            group.addTask { await self.wait(number) }
            group.addTask {
                try? await Task.sleep(until: deadline, clock: .continuous)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            // The turn may have come just then.
            if let first { return first }
            return await (group.next() ?? nil) ?? false
        }
    }

    private func wait(_ number: Int) async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now: Bool? = state.withLock { state in
                    if Task.isCancelled { return false }
                    if state.free > 0 {
                        state.free -= 1
                        return true
                    }
                    state.line.append((number, continuation))
                    return nil
                }
                if let now { continuation.resume(returning: now) }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                state.line.firstIndex { $0.number == number }.map { state.line.remove(at: $0).continuation }
            }
            continuation?.resume(returning: false)
        }
    }

    package func leave() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard state.line.isEmpty else { return state.line.removeFirst().continuation }
            state.free += 1
            return nil
        }
        next?.resume(returning: true)
    }
}
