import Foundation

/// Where the two threads of a connection stop while it is silent or delayed.
///
/// `@unchecked Sendable`: the two variables are only touched while the condition is locked.
final class Gate: @unchecked Sendable {
    private let condition = NSCondition()
    private var isSilent = false
    private var isOver = false

    private func locked<T>(_ body: () -> T) -> T {
        condition.lock()
        defer { condition.unlock() }
        return body()
    }

    func silence() { locked { isSilent = true } }

    func heal() {
        locked {
            isSilent = false
            condition.broadcast()
        }
    }

    func end() {
        locked {
            isOver = true
            condition.broadcast()
        }
    }

    /// Returns when the connection is not silent; false if it is over.
    func pass() -> Bool {
        locked {
            while isSilent, !isOver { condition.wait() }
            return !isOver
        }
    }

    /// Returns after the time; false if the connection is over.
    func pause(_ time: Duration) -> Bool {
        let (seconds, attoseconds) = time.components
        let end = Date(timeIntervalSinceNow: Double(seconds) + Double(attoseconds) / 1e18)
        return locked {
            while !isOver, condition.wait(until: end) {}
            return !isOver
        }
    }
}
