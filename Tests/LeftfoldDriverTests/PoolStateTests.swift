import LeftfoldTesting
import Testing

@testable import LeftfoldDriver

@Suite struct PoolStateTests {
    let down = PostgresError(.connectionFailed, "down")
    let start = ContinuousClock.now
    func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private func isOpen(_ answer: PoolState<Int>.Answer) -> Bool { if case .granted(.open) = answer { true } else { false } }
    private func isWait(_ answer: PoolState<Int>.Answer) -> Bool { if case .wait = answer { true } else { false } }
    private func resource(_ grant: PoolState<Int>.Grant?) -> Int? { if case .resource(let it) = grant { it } else { nil } }
    private func failure(_ grant: PoolState<Int>.Grant?) -> PostgresError? { if case .failure(let it) = grant { it } else { nil } }

    @Test("Connections are opened up to the size; then callers queue, first come, first served")
    func queue() {
        var pool = PoolState<Int>(size: 2)
        #expect(isOpen(pool.acquire(1, now: at(0))) && isOpen(pool.acquire(2, now: at(0))))
        #expect(pool.opened(now: at(0)).isEmpty && pool.opened(now: at(0)).isEmpty)
        #expect(isWait(pool.acquire(3, now: at(0))) && isWait(pool.acquire(4, now: at(0))))
        #expect(pool.release(10, now: at(1)).woken == [3])
        #expect(resource(pool.take(3)) == 10 && pool.idle.isEmpty && pool.lent == 2)
        let gone = pool.leave(4)
        #expect(gone && pool.waiters == 0)
        #expect(pool.release(11, now: at(1)).woken == [] && pool.idle.count == 1)
    }

    @Test("The slot of a connection that was closed goes to the first in line")
    func discard() {
        var pool = PoolState<Int>(size: 1)
        _ = pool.acquire(1, now: at(0))
        _ = pool.opened(now: at(0))
        _ = pool.acquire(2, now: at(0))
        #expect(pool.discard(now: at(0)) == [2] && pool.opening == 1 && pool.hasGrant(2))
    }

    @Test("While the server is down everybody fails at once, and one at a time tries it")
    func outage() {
        var pool = PoolState<Int>(size: 4, backoff: Backoff(from: .seconds(10), to: .seconds(10), jitter: 0))
        #expect(isOpen(pool.acquire(1, now: at(0))))
        #expect(pool.openFailed(down, now: at(0)) == [])
        if case .granted(let grant) = pool.acquire(2, now: at(5)) {
            #expect(failure(grant)?.kind == .connectionFailed)
        } else {
            Issue.record()
        }
        #expect(isOpen(pool.acquire(3, now: at(11))), "after the backoff one may try")
        #expect(isWait(pool.acquire(4, now: at(11))), "and the others wait for what it finds")
        #expect(pool.openFailed(down, now: at(12)) == [4])
        #expect(failure(pool.take(4)) != nil)
        #expect(isOpen(pool.acquire(5, now: at(30))) && isWait(pool.acquire(6, now: at(30))))
        #expect(pool.opened(now: at(30)) == [6], "back again: the line moves")
    }

    @Test("A shutdown fails the line, and what comes back is closed")
    func shutdown() {
        var pool = PoolState<Int>(size: 1)
        _ = pool.acquire(1, now: at(0))
        _ = pool.opened(now: at(0))
        _ = pool.acquire(2, now: at(0))
        #expect(pool.shutdown().woken == [2] && failure(pool.take(2))?.kind == .poolClosed)
        #expect(pool.release(7, now: at(0)).keep == false && pool.lent == 0)
        if case .granted(let grant) = pool.acquire(3, now: at(0)) { #expect(failure(grant)?.kind == .poolClosed) } else { Issue.record() }
    }

    @Test("Connections idle for too long are taken out, oldest first")
    func idle() {
        var pool = PoolState<Int>(size: 3)
        for id in 1...3 { _ = pool.acquire(UInt64(id), now: at(0)) }
        for id in 1...3 {
            _ = pool.opened(now: at(0))
            _ = pool.release(id, now: at(id))
        }
        #expect(pool.takeIdle(before: at(3)) == [1, 2] && pool.idle.count == 1)
    }

    /// Random walks: never more connections than the size, nobody forgotten.
    @Test("Whatever happens in whatever order, no slot is lost and nobody is forgotten")
    func books() {
        var random = SeededGenerator()
        var pool = PoolState<Int>(size: 3, backoff: Backoff(from: .seconds(1), to: .seconds(30)))
        var (lent, opening, waiting, next): ([Int], Int, [UInt64], UInt64) = ([], 0, [], 0)
        func settle(_ grant: PoolState<Int>.Grant?) {
            switch grant {
            case .resource(let it): lent.append(it)
            case .open: opening += 1
            case .failure, nil: break
            }
        }
        for step in 0..<20_000 {
            let now = at(step)
            var woken: [UInt64] = []
            switch random.next() % 6 {
            case 0, 1:
                next += 1
                switch pool.acquire(next, now: now) {
                case .granted(let grant): settle(grant)
                case .wait: waiting.append(next)
                }
            case 2 where opening > 0:
                opening -= 1
                lent.append(step)
                woken = pool.opened(now: now)
            case 3 where opening > 0:
                opening -= 1
                woken = pool.openFailed(down, now: now)
            case 4 where !lent.isEmpty:
                woken = pool.release(lent.removeFirst(), now: now).woken
            case 5 where !lent.isEmpty:
                lent.removeFirst()
                woken = pool.discard(now: now)
            default: break
            }
            for waiter in woken {
                waiting.removeAll { $0 == waiter }
                settle(pool.take(waiter))
            }
            guard pool.lent == lent.count, pool.opening == opening, pool.waiters == waiting.count,
                pool.lent + pool.opening + pool.idle.count <= 3, waiting.isEmpty || pool.lent + pool.opening > 0
            else {
                Issue.record("books do not balance at step \(step), seed \(random.seed)")
                return
            }
        }
    }
}
