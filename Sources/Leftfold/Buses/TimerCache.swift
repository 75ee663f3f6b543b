package import Metrics
import Synchronization

/// Making a timer takes a lock and a dictionary of strings in most backends: each is made once.
package final class TimerCache<Key: Hashable & Sendable>: Sendable {
    private let timers = Mutex<[Key: Timer]>([:])
    private let make: @Sendable (Key) -> Timer

    package init(_ make: @escaping @Sendable (Key) -> Timer) { self.make = make }

    package func record(_ duration: Duration, for key: Key) {
        let timer = timers.withLock { timers in
            if let known = timers[key] { return known }
            let timer = make(key)
            timers[key] = timer
            return timer
        }
        timer.record(duration: duration)
    }
}
