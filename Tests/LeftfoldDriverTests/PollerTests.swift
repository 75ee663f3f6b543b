import Foundation
import LeftfoldTesting
import Testing

@testable import LeftfoldDriver

@Suite struct PollerTests {
    private func pair() -> (Int32, Int32) {
        var descriptors: [Int32] = [-1, -1]
        #if os(Linux)
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &descriptors)
        #else
            socketpair(AF_UNIX, SOCK_STREAM, 0, &descriptors)
        #endif
        return (descriptors[0], descriptors[1])
    }

    @Test("A descriptor that can be read or written is reported")
    func readiness() async {
        let poller = Poller()
        let (left, right) = pair()
        #expect(await poller.wait(left, [.read, .write], until: nil, token: poller.newToken()) == .ready(.write))
        async let outcome = poller.wait(left, .read, until: .now + .seconds(5), token: poller.newToken())
        write(right, "x", 1)
        #expect(await outcome == .ready(.read))
        #expect(await poller.wait(left, .read, until: .now + .seconds(5), token: poller.newToken()) == .ready(.read), "still readable")
        close(right)
        close(left)
    }

    @Test("A peer that hung up counts as readable")
    func hangUp() async {
        let poller = Poller()
        let (left, right) = pair()
        close(right)
        if case .ready(let readiness) = await poller.wait(left, .read, until: .now + .seconds(5), token: poller.newToken()) {
            #expect(readiness.contains(.read))
        } else {
            Issue.record("no event")
        }
        close(left)
    }

    @Test("A wait ends by deadline, wake-up or cancellation, and says which")
    func ends() async throws {
        let poller = Poller()
        let (left, right) = pair()
        let began = ContinuousClock.now
        #expect(await poller.wait(left, .read, until: .now + .milliseconds(30), token: poller.newToken()) == .timedOut)
        #expect(ContinuousClock.now - began >= .milliseconds(30))
        let token = poller.newToken()
        let waiting = Task { await poller.wait(left, .read, until: nil, token: token) }
        try await eventually("waits") { poller.waiting == 1 }
        poller.wake(token)
        #expect(await waiting.value == .woken)
        let cancelled = Task { await poller.wait(left, .read, until: .now + .seconds(60), token: poller.newToken()) }
        try await eventually("waits") { poller.waiting == 1 }
        cancelled.cancel()
        #expect(await cancelled.value == .cancelled)
        #expect(await poller.park(poller.newToken(), until: nil) { true } == .woken)
        #expect(await poller.wait(-1, .read, until: nil, token: poller.newToken()) == .failed)
        #expect(poller.waiting == 0)
        close(left)
        close(right)
    }

    /// Many waiters with deadlines out of order all come back, on time.
    @Test("Many deadlines out of order are all kept")
    func deadlines() async {
        let poller = Poller()
        await withTaskGroup(of: Bool.self) { group in
            for index in 0..<200 {
                group.addTask {
                    let limit = Duration.milliseconds((index * 37) % 100)
                    let began = ContinuousClock.now
                    let outcome = await poller.park(poller.newToken(), until: .now + limit) { false }
                    let took = ContinuousClock.now - began
                    return outcome == .timedOut && took >= limit && took < limit + .seconds(120)
                }
            }
            for await sound in group { #expect(sound) }
        }
    }
}
