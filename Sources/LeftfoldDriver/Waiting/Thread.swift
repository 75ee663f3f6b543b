import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Threads of our own for calls that block: libpq's connect and cancel, and the poller's wait.
enum Thread {
    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs a closure on a new thread. If the system has no thread left, runs it on the current one.
    static func detach(_ body: @escaping @Sendable () -> Void) {
        let work = Unmanaged.passRetained(Work(body))
        #if os(Linux)
            var thread = pthread_t()
        #else
            var thread: pthread_t?
        #endif
        let status = pthread_create(
            &thread, nil,
            { argument in
                #if os(Linux)
                    guard let argument else { return nil }
                #endif
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        guard status == 0 else { return work.takeRetainedValue().body() }
        #if os(Linux)
            pthread_detach(thread)
        #else
            if let thread { pthread_detach(thread) }
        #endif
    }

    /// Runs a blocking closure on a thread of its own and waits for its value, at most until the deadline or, if asked so, the task's
    /// cancellation. After that the value is dropped when it comes.
    static func value<Value: Sendable>(
        until deadline: ContinuousClock.Instant?, cancellable: Bool, _ body: @escaping @Sendable () -> Value
    ) async -> Result<Value, Poller.Interruption> {
        let box = Box<Value>()
        let token = Poller.shared.newToken()
        detach {
            let value = body()
            box.value.withLock { $0 = value }
            Poller.shared.wake(token)
        }
        let outcome = await Poller.shared.park(token, until: deadline, cancellable: cancellable) { box.value.withLock { $0 != nil } }
        if let value = box.value.withLock({ $0.take() }) { return .success(value) }
        return .failure(outcome == .cancelled ? .cancelled : .timedOut)
    }

    private final class Box<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }
}

extension Poller {
    /// Why a wait ended early.
    enum Interruption: Error, Sendable { case timedOut, cancelled }
}
