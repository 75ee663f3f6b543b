import Foundation
import Testing

@testable import Leftfold

/// All on the main actor, which runs what is handed to it in order: that makes “comes first” exact without a clock.
@Suite("Turns of a stream")
@MainActor
struct StreamTurnsTests {
    let turns = StreamTurns()
    let stream = LeftfoldTests.stream(of: UUID())

    @Test("first come, first served")
    func fifo() async {
        let gate = Gate()
        let order = Order()
        let holder = Task { await turns.take(stream) { await gate.wait() } }
        await gate.untilSomebodyWaits()
        let waiting = (0..<300).map { number in
            Task { await turns.take(stream) { order.numbers.append(number) } }
        }
        await Task.yield()
        #expect(order.numbers == [])
        gate.open()
        await holder.value
        for task in waiting { await task.value }
        #expect(order.numbers == Array(0..<300))
    }

    @Test("do not overlap")
    func exclusive() async {
        let order = Order()
        let tasks = (0..<50).map { _ in
            Task {
                await turns.take(stream) {
                    order.inside += 1
                    order.mostInside = max(order.mostInside, order.inside)
                    await Task.yield()
                    order.inside -= 1
                }
            }
        }
        for task in tasks { await task.value }
        #expect(order.mostInside == 1)
    }

    @Test("of different streams do not wait for each other")
    func independent() async {
        let gate = Gate()
        let holder = Task { await turns.take(stream) { await gate.wait() } }
        await gate.untilSomebodyWaits()
        #expect(await turns.take(LeftfoldTests.stream(of: UUID())) { 7 } == 7)
        gate.open()
        await holder.value
    }

    @Test("pass on when the command fails or is cancelled")
    func failure() async throws {
        struct Broken: Error {}
        for _ in 1...3 {
            await #expect(throws: Broken.self) { try await turns.take(stream) { throw Broken() } }
        }
        let cancelled = Task { try await turns.take(stream) { try Task.checkCancellation() } }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(await turns.take(stream) { 7 } == 7)
    }
}

@MainActor private final class Order {
    var numbers: [Int] = []
    var inside = 0
    var mostInside = 0
}

/// Holds one task until it is opened.
@MainActor private final class Gate {
    private var waiting: CheckedContinuation<Void, Never>?

    func wait() async { await withCheckedContinuation { waiting = $0 } }
    func untilSomebodyWaits() async { while waiting == nil { await Task.yield() } }
    func open() { waiting?.resume() }
}
