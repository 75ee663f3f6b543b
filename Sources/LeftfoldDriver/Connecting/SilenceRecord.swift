import Synchronization

/// Since when a server was found silent, shared by all connections whose configuration is a copy of the same one.
///
/// What swallowed the words of one connection, a balancer or a cable, has probably swallowed those of all that were open then. Each would cost
/// its caller a deadline, so pools lend none any more from which nothing was heard since.
final class SilenceRecord: Sendable {
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    /// Nothing came from the server after this.
    var since: ContinuousClock.Instant? { last.withLock { $0 } }

    func note(since start: ContinuousClock.Instant) {
        last.withLock { $0 = max(start, $0 ?? start) }
    }
}
