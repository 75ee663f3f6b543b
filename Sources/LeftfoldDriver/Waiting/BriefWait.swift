import Synchronization

/// Waits a moment on the current thread before a task is suspended.
///
/// A lone statement is usually answered within tens of microseconds, less than waking a sleeping thread costs twice. At most one thread of
/// the process waits like this, so the others go on; a connection whose answers take longer stops trying for a while.
struct BriefWait {
    /// How long; well below what anybody notices, well above a local round trip.
    static let microseconds = 150
    private static let taken = Atomic<Bool>(false)
    private var skip = 0
    private var penalty = 1

    /// Whether the descriptor became readable.
    mutating func poll(_ descriptor: Int32) -> Bool {
        guard skip == 0 else {
            skip -= 1
            return false
        }
        guard BriefWait.taken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else { return false }
        defer { BriefWait.taken.store(false, ordering: .releasing) }
        if Readiness.poll(descriptor, .read, microseconds: BriefWait.microseconds).contains(.read) {
            penalty = 1
            return true
        }
        skip = penalty
        penalty = min(penalty * 2, 64)
        return false
    }
}
