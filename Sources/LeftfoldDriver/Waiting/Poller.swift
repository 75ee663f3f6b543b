import Synchronization

/// Suspends tasks until a descriptor is ready, a moment has come, or somebody wakes them. One thread serves all of them.
///
/// Registrations are one-shot, so there is nothing to take back: an event for somebody who no longer waits is dropped.
final class Poller: Sendable {
    /// Why a suspended task goes on.
    enum Outcome: Sendable, Equatable {
        case ready(Readiness)
        case woken
        case timedOut
        case cancelled
        /// The kernel refused the descriptor or the event queue: nothing to wait for.
        case failed
    }

    static let shared = Poller()

    private struct Waiter {
        let continuation: UnsafeContinuation<Outcome, Never>
        let deadline: ContinuousClock.Instant?
    }

    private struct State {
        var waiters: [UInt64: Waiter] = [:]
        /// When the thread will look at deadlines again; `nil` while nobody has one.
        var nextLook: ContinuousClock.Instant?
        var started = false
    }

    private let queue: EventQueue?
    private let state = Mutex(State())
    private let tokens = Atomic<UInt64>(1)

    init() { queue = EventQueue() }

    /// A name under which a task can wait and be woken. Never used twice.
    func newToken() -> UInt64 { tokens.wrappingAdd(1, ordering: .relaxed).newValue }

    /// Waits until the descriptor is ready. The caller must not close it meanwhile without waking the token.
    func wait(
        _ descriptor: Int32, _ interest: Readiness, until deadline: ContinuousClock.Instant?, token: UInt64, cancellable: Bool = true
    ) async -> Outcome {
        await suspend(token: token, until: deadline, cancellable: cancellable) { queue in
            queue.arm(descriptor, interest, token: token) ? nil : .failed
        }
    }

    /// Waits until somebody wakes the token. `alreadyDone` is asked after the token can be woken, so no wake-up is missed.
    func park(_ token: UInt64, until deadline: ContinuousClock.Instant?, cancellable: Bool = true, alreadyDone: () -> Bool) async -> Outcome
    {
        await suspend(token: token, until: deadline, cancellable: cancellable) { _ in alreadyDone() ? .woken : nil }
    }

    /// Lets the task that waits under this token go on, if there is one.
    func wake(_ token: UInt64) { resume(token, .woken) }

    /// How many tasks wait.
    var waiting: Int { state.withLock { $0.waiters.count } }

    private func suspend(
        token: UInt64, until deadline: ContinuousClock.Instant?, cancellable: Bool, arm: (EventQueue) -> Outcome?
    ) async -> Outcome {
        guard let queue else { return .failed }
        func wait() async -> Outcome {
            await withUnsafeContinuation { continuation in
                register(token, Waiter(continuation: continuation, deadline: deadline), in: queue)
                if let outcome = arm(queue) {
                    resume(token, outcome)
                } else if cancellable, Task.isCancelled {
                    resume(token, .cancelled)
                }
            }
        }
        guard cancellable else { return await wait() }
        return await withTaskCancellationHandler {
            await wait()
        } onCancel: {
            resume(token, .cancelled)
        }
    }

    private func register(_ token: UInt64, _ waiter: Waiter, in queue: EventQueue) {
        let (start, early) = state.withLock { state in
            state.waiters[token] = waiter
            let start = !state.started
            state.started = true
            guard let deadline = waiter.deadline else { return (start, false) }
            if let nextLook = state.nextLook, nextLook <= deadline { return (start, false) }
            state.nextLook = deadline
            return (start, true)
        }
        if start { Thread.detach { self.run(queue) } }
        if early { queue.wake() }
    }

    private func resume(_ token: UInt64, _ outcome: Outcome) {
        state.withLock { $0.waiters.removeValue(forKey: token) }?.continuation.resume(returning: outcome)
    }

    /// The thread's life: wait for the kernel or for the next deadline, then let tasks go on.
    private func run(_ queue: EventQueue) {
        while true {
            let nextLook = state.withLock { $0.nextLook }
            for event in queue.wait(atMost: nextLook.map { $0 - .now }) { resume(event.token, .ready(event.readiness)) }
            if nextLook != nil { expire(.now) }
        }
    }

    private func expire(_ now: ContinuousClock.Instant) {
        let expired: [UnsafeContinuation<Outcome, Never>] = state.withLock { state in
            guard let nextLook = state.nextLook, nextLook <= now else { return [] }
            var expired: [UnsafeContinuation<Outcome, Never>] = []
            var next: ContinuousClock.Instant?
            for (token, waiter) in state.waiters {
                guard let deadline = waiter.deadline else { continue }
                if deadline <= now {
                    expired.append(waiter.continuation)
                    state.waiters.removeValue(forKey: token)
                } else {
                    next = min(next ?? deadline, deadline)
                }
            }
            state.nextLook = next
            return expired
        }
        for continuation in expired { continuation.resume(returning: .timedOut) }
    }
}
