#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A moment on the monotonic clock, in nanoseconds.
struct Deadline: Comparable, Sendable {
    var nanoseconds: UInt64

    static var now: Deadline {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Deadline(nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }

    /// A moment from now; a duration that is negative counts as zero, one too large as never.
    static func after(_ duration: Duration) -> Deadline { now + duration }

    static func + (moment: Deadline, duration: Duration) -> Deadline {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return moment }
        guard seconds < 4_000_000_000 else { return Deadline(nanoseconds: .max) }
        let (sum, overflow) = moment.nanoseconds.addingReportingOverflow(
            UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000))
        return Deadline(nanoseconds: overflow ? .max : sum)
    }

    static func < (left: Deadline, right: Deadline) -> Bool { left.nanoseconds < right.nanoseconds }

    /// Nanoseconds from another moment to this one; 0 if this one came first.
    func since(_ other: Deadline) -> UInt64 { self > other ? nanoseconds - other.nanoseconds : 0 }
}
