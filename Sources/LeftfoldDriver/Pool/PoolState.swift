/// The pool's decisions, without connections, tasks or clocks of its own, so that they can be tested alone.
///
/// A *slot* is the right to one connection. Waiters are served in the order they came.
struct PoolState<Resource> {
    /// What a waiter gets.
    enum Grant {
        case resource(Resource)
        /// A free slot: open a connection and report with `opened` or `openFailed`.
        case open
        case failure(PostgresError)
    }

    /// The answer to somebody who wants a connection.
    enum Answer {
        case granted(Grant)
        /// In line; a grant will be there under the waiter's name.
        case wait
    }

    let size: Int

    // The states of a slot; a free one is in none of these books.

    /// Can transition to: lent, free.
    private(set) var idle: [(resource: Resource, since: ContinuousClock.Instant)] = []
    /// Can transition to: idle, lent to the next in line, free.
    private(set) var lent = 0
    /// Can transition to: lent, free.
    private(set) var opening = 0

    // The states of a waiter; one that has left is in none of these books.

    /// Can transition to: granted, left.
    private var waiting: Set<UInt64> = []
    /// Can transition to: left, with the grant.
    private var grants: [UInt64: Grant] = [:]
    /// Names in the order they came, also of waiters who have left since.
    private var line: [UInt64] = []
    private var lineStart = 0

    // The states of the server: reachable while there is no last failure, else not to be tried before `retryAt`.

    /// Set can transition to: set anew, by another failure; none, by a success.
    private var lastFailure: PostgresError?
    private var retryAt: ContinuousClock.Instant?
    private var backoff: Backoff

    /// What was opened before is not lent any more.
    private var retiredBefore: ContinuousClock.Instant?

    /// Cannot transition.
    private(set) var closed = false

    init(size: Int, backoff: Backoff = Backoff(from: .milliseconds(50), to: .seconds(5))) {
        self.size = size
        self.backoff = backoff
    }

    /// How many wait.
    var waiters: Int { waiting.count }

    private var used: Int { idle.count + lent + opening }

    /// After a failure one attempt at a time is enough to find out whether the server is back.
    private var mayOpen: Bool { used < size && (lastFailure == nil || opening == 0) }

    private func mayTry(_ now: ContinuousClock.Instant) -> Bool { retryAt.map { now >= $0 } ?? true }

    /// Asks for a connection under a name that must be new. The freshest idle connection is lent first, so that the others may age and be closed.
    mutating func acquire(_ waiter: UInt64, now: ContinuousClock.Instant) -> Answer {
        if closed { return .granted(.failure(PoolState.shutDown)) }
        if waiting.isEmpty, let entry = idle.popLast() {
            lent += 1
            return .granted(.resource(entry.resource))
        }
        if waiting.isEmpty, mayOpen {
            if mayTry(now) {
                opening += 1
                return .granted(.open)
            }
            // The server is down and nobody could hand a connection over: say so at once.
            if lent == 0, opening == 0, let lastFailure { return .granted(.failure(lastFailure)) }
        }
        waiting.insert(waiter)
        line.append(waiter)
        return .wait
    }

    /// A connection was opened in a granted slot. It is now lent.
    mutating func opened(now: ContinuousClock.Instant) -> [UInt64] {
        opening -= 1
        lent += 1
        lastFailure = nil
        retryAt = nil
        backoff.reset()
        return grantSlots(now: now)
    }

    /// Opening failed. Those in line learn it at once, unless a lent connection may still come back to them.
    mutating func openFailed(_ error: PostgresError, now: ContinuousClock.Instant) -> [UInt64] {
        opening -= 1
        lastFailure = error
        retryAt = now + backoff.next()
        guard lent == 0, opening == 0 else { return [] }
        return failAll(error)
    }

    /// Opening was given up for a reason that says nothing about the server.
    mutating func openAbandoned(now: ContinuousClock.Instant) -> [UInt64] {
        opening -= 1
        return grantSlots(now: now)
    }

    /// A lent connection comes back sound. Goes to the first in line or to the idle ones. `keep` is false if the caller must close it.
    mutating func release(_ resource: Resource, now: ContinuousClock.Instant) -> (woken: [UInt64], keep: Bool) {
        lent -= 1
        if closed { return ([], false) }
        if let next = popLine() {
            lent += 1
            grants[next] = .resource(resource)
            return ([next], true)
        }
        idle.append((resource, now))
        return ([], true)
    }

    /// A lent connection was closed; its slot is free.
    mutating func discard(now: ContinuousClock.Instant) -> [UInt64] {
        lent -= 1
        return grantSlots(now: now)
    }

    /// Takes what was granted to a waiter.
    mutating func take(_ waiter: UInt64) -> Grant? { grants.removeValue(forKey: waiter) }

    /// Whether something was granted.
    func hasGrant(_ waiter: UInt64) -> Bool { grants[waiter] != nil }

    /// A waiter gives up. False if it had been granted something in the meantime, which it must `take`.
    mutating func leave(_ waiter: UInt64) -> Bool {
        guard grants[waiter] == nil else { return false }
        waiting.remove(waiter)
        return true
    }

    /// Takes connections that were idle for too long.
    mutating func takeIdle(before: ContinuousClock.Instant) -> [Resource] {
        guard let oldest = idle.first, oldest.since < before else { return [] }
        let old = idle.prefix { $0.since < before }.map(\.resource)
        idle.removeFirst(old.count)
        return old
    }

    func isRetired(_ openedAt: ContinuousClock.Instant) -> Bool { retiredBefore.map { openedAt < $0 } ?? false }

    /// Takes those that are idle and were opened before.
    mutating func retire(openedBefore limit: ContinuousClock.Instant, _ openedAt: (Resource) -> ContinuousClock.Instant) -> [Resource] {
        retiredBefore = max(limit, retiredBefore ?? limit)
        let all = idle
        idle = all.filter { !isRetired(openedAt($0.resource)) }
        return all.map(\.resource).filter { isRetired(openedAt($0)) }
    }

    /// No more lending. Returns the waiters to wake and the connections to close.
    mutating func shutdown() -> (woken: [UInt64], close: [Resource]) {
        closed = true
        defer { idle = [] }
        return (failAll(PoolState.shutDown), idle.map(\.resource))
    }

    private static var shutDown: PostgresError { PostgresError(.poolClosed, "the pool is shut down") }

    private mutating func grantSlots(now: ContinuousClock.Instant) -> [UInt64] {
        if closed { return [] }
        var woken: [UInt64] = []
        while !waiting.isEmpty, mayOpen, mayTry(now) || lent + opening == 0, let next = popLine() {
            opening += 1
            grants[next] = .open
            woken.append(next)
        }
        return woken
    }

    private mutating func failAll(_ error: PostgresError) -> [UInt64] {
        var woken: [UInt64] = []
        while let next = popLine() {
            grants[next] = .failure(error)
            woken.append(next)
        }
        return woken
    }

    /// The first in line who has not given up.
    private mutating func popLine() -> UInt64? {
        while lineStart < line.count {
            let next = line[lineStart]
            lineStart += 1
            if lineStart > 64, lineStart * 2 > line.count {
                line.removeFirst(lineStart)
                lineStart = 0
            }
            if waiting.remove(next) != nil { return next }
        }
        return nil
    }
}
