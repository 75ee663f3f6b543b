import Synchronization

/// Waits a moment on the current thread before a task is suspended.
///
/// The answer to a lone statement is there sooner than a suspended task could go on, for which two sleeping threads must be woken: the
/// poller's, and one of Swift's. Only a statement that waits alone in this process is waited for like this: with others under way, a thread
/// that waits for one of them is a thread less that serves the rest. A connection whose answers take longer stops trying for a while.
struct BriefWait {
    /// How long at most. Longer than a commit takes to reach a good disk, and shorter than anybody notices.
    private static let microseconds = 500
    /// Statements of this process that wait for the server.
    private static let waiting = Atomic<Int>(0)
    private var skip = 0
    private var penalty = 1

    /// Notes that a statement waits, until `end`.
    static func begin() { waiting.add(1, ordering: .relaxed) }

    /// Notes that a statement goes on.
    static func end() { waiting.subtract(1, ordering: .relaxed) }

    /// Whether the descriptor became readable. Called between `begin` and `end`.
    mutating func poll(_ descriptor: Int32) -> Bool {
        guard BriefWait.waiting.load(ordering: .relaxed) == 1 else { return false }
        guard skip == 0 else {
            skip -= 1
            return false
        }
        if Readiness.poll(descriptor, .read, microseconds: BriefWait.microseconds).contains(.read) {
            penalty = 1
            return true
        }
        skip = penalty
        penalty = min(penalty * 2, 64)
        return false
    }
}
