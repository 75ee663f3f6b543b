import Leftfold
import Synchronization

/// What each principal has under way and may still ask for. Of the principals that have nothing under way, those that asked last are
/// remembered; one that is forgotten begins with a full bucket.
final class RequestLedger: Sendable {
    enum Answer: Equatable {
        case admitted
        /// Nothing more until one of its requests is answered.
        case busy
        case tooFast(until: Duration)
    }

    struct Account: Hashable, Sendable {
        let subject: String
        let tenant: String?

        init(_ principal: Principal) { (subject, tenant) = (principal.subject, principal.tenant) }
    }

    private struct Entry {
        var running = 0
        var bucket: TokenBucket
        var isYoung: Bool
    }

    private struct State {
        var entries: [Account: Entry] = [:]
        var young = 0
    }

    private let limits: RequestLimits
    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: how many principals are remembered that have nothing under way.
    init(_ limits: RequestLimits, capacity: Int = 20_000) { (self.limits, self.capacity) = (limits, capacity) }

    var count: Int { state.withLock { $0.entries.count } }

    /// To be followed by ``leave(_:)`` if admitted.
    func enter(_ account: Account, at now: ContinuousClock.Instant = .now) -> Answer {
        state.withLock { state in
            let burst = Double(limits.burst)
            var entry = state.entries[account] ?? Entry(bucket: TokenBucket(full: burst, at: now), isYoung: false)
            if entry.running >= limits.perPrincipal { return .busy }
            if let rate = limits.rate, let wait = entry.bucket.take(rate: rate, burst: burst, at: now) {
                state.entries[account] = entry
                return .tooFast(until: wait)
            }
            entry.running += 1
            if !entry.isYoung {
                entry.isYoung = true
                state.young += 1
            }
            state.entries[account] = entry
            if state.young >= max(1, capacity / 2) { age(&state) }
            return .admitted
        }
    }

    /// - Parameter refunding: nothing was done, and the same request comes again.
    func leave(_ account: Account, refunding: Bool = false) {
        state.withLock { state in
            state.entries[account]?.running -= 1
            if refunding, limits.rate != nil { state.entries[account]?.bucket.giveBack(burst: Double(limits.burst)) }
        }
    }

    /// Whoever was not there since the last time and has nothing under way is forgotten.
    private func age(_ state: inout State) {
        state.young = 0
        for (account, entry) in state.entries {
            if entry.isYoung || entry.running > 0 { state.entries[account]?.isYoung = false } else { state.entries[account] = nil }
        }
    }
}
