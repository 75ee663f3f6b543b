import Foundation
import Testing

@testable import Leftfold

/// All on the main actor, which runs what is handed to it in order: that makes “comes first” exact without a clock.
@Suite("A line of those who want the same thing done")
@MainActor
struct BatcherTests {
    let batcher = Batcher<String, Int, Int>()

    @Test("is first come, first served")
    func fifo() async {
        _ = await batcher.join("a", -1)
        let order = Order()
        let waiting = (0..<300).map { number in
            Task {
                guard case .lead = await batcher.join("a", number) else { return }
                order.numbers.append(number)
                batcher.pass("a")
            }
        }
        await Task.yield()
        #expect(order.numbers == [])
        batcher.pass("a")
        for task in waiting { await task.value }
        #expect(order.numbers == Array(0..<300))
    }

    @Test("has one leader at a time")
    func exclusive() async {
        let order = Order()
        let tasks = (0..<50).map { number in
            Task {
                guard case .lead = await batcher.join("a", number) else { return }
                order.inside += 1
                order.mostInside = max(order.mostInside, order.inside)
                await Task.yield()
                order.inside -= 1
                batcher.pass("a")
            }
        }
        for task in tasks { await task.value }
        #expect(order.mostInside == 1)
    }

    @Test("does not wait for another line")
    func independent() async {
        _ = await batcher.join("a", 1)
        guard case .lead = await batcher.join("b", 2) else {
            Issue.record("it had to wait")
            return
        }
    }

    @Test("answers those whom the leader took along, and puts back the others in front of those who came later")
    func passengers() async throws {
        _ = await batcher.join("a", -1)
        let order = Order()
        func join(_ number: Int) -> Task<Void, Never> {
            Task {
                switch await batcher.join("a", number) {
                case .lead:
                    order.numbers.append(number)
                    batcher.pass("a")
                case .answered(let answer): order.answers[number] = try? answer.get()
                }
            }
        }
        var waiting = (0..<6).map(join)
        await Task.yield()
        #expect(batcher.waiting(for: "a") == 6)
        let taken = batcher.take(from: "a") { $0.count - 2 }
        #expect(taken.map(\.item) == [0, 1, 2, 3])
        waiting.append(join(6))
        await Task.yield()
        taken[0].answer(.success(10))
        taken[2].answer(.success(12))
        batcher.pass("a", puttingBack: [taken[1], taken[3]])
        for task in waiting { await task.value }
        #expect(order.numbers == [1, 3, 4, 5, 6])
        #expect(order.answers == [0: 10, 2: 12])
        #expect(batcher.take(from: "a") { $0.count }.isEmpty)
    }

    @Test("takes no more than there are, and none where fewer than none are asked for", arguments: [(-1, 0), (0, 0), (2, 2), (9, 3)])
    func count(asked: Int, taken: Int) async {
        _ = await batcher.join("a", -1)
        let waiting = (0..<3).map { number in Task { await batcher.join("a", number) } }
        await Task.yield()
        let passengers = batcher.take(from: "a") { _ in asked }
        #expect(passengers.map(\.item) == Array(0..<taken))
        for passenger in passengers { passenger.answer(.success(0)) }
        batcher.pass("a")
        for task in waiting { if case .lead = await task.value { batcher.pass("a") } }
    }

    @Test("turns away whom it has no room for")
    func full() async {
        let batcher = Batcher<String, Int, Int>(capacity: 1)
        _ = await batcher.join("a", 0)
        let waiting = Task { await batcher.join("a", 1) }
        await Task.yield()
        guard case .answered(.failure(let error)) = await batcher.join("a", 2) else {
            Issue.record("it was let in")
            return
        }
        #expect(error is Unavailable)
        batcher.pass("a")
        guard case .lead = await waiting.value else {
            Issue.record("the lead was not passed on")
            return
        }
    }
}

@MainActor private final class Order {
    var numbers: [Int] = []
    var answers: [Int: Int] = [:]
    var inside = 0
    var mostInside = 0
}
