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
        _ = await turns.take(stream, Anything())
        let order = Order()
        let waiting = (0..<300).map { number in
            Task {
                guard case .yours = await turns.take(stream, Anything()) else { return }
                order.numbers.append(number)
                turns.pass(stream, puttingBack: [])
            }
        }
        await Task.yield()
        #expect(order.numbers == [])
        turns.pass(stream, puttingBack: [])
        for task in waiting { await task.value }
        #expect(order.numbers == Array(0..<300))
    }

    @Test("do not overlap")
    func exclusive() async {
        let order = Order()
        let tasks = (0..<50).map { _ in
            Task {
                guard case .yours = await turns.take(stream, Anything()) else { return }
                order.inside += 1
                order.mostInside = max(order.mostInside, order.inside)
                await Task.yield()
                order.inside -= 1
                turns.pass(stream, puttingBack: [])
            }
        }
        for task in tasks { await task.value }
        #expect(order.mostInside == 1)
    }

    @Test("of different streams do not wait for each other")
    func independent() async {
        _ = await turns.take(stream, Anything())
        guard case .yours = await turns.take(LeftfoldTests.stream(of: UUID()), Anything()) else {
            Issue.record("it had to wait")
            return
        }
    }

    @Test("answer those who wait, or put them back in front of the others")
    func followers() async throws {
        _ = await turns.take(stream, Anything())
        let order = Order()
        let waiting = (0..<6).map { number in
            Task {
                switch await turns.take(stream, Anything()) {
                case .yours:
                    order.numbers.append(number)
                    turns.pass(stream, puttingBack: [])
                case .answered(let answer):
                    order.numbers.append(100 + number)
                    #expect(throws: CancellationError.self) { try answer.get() }
                }
            }
        }
        await Task.yield()
        let followers = turns.followers(of: stream, atMost: 4)
        #expect(followers.count == 4)
        followers[0].answer(.failure(CancellationError()))
        followers[2].answer(.failure(CancellationError()))
        turns.pass(stream, puttingBack: [followers[1], followers[3]])
        for task in waiting { await task.value }
        #expect(order.numbers.filter { $0 < 100 } == [1, 3, 4, 5])
        #expect(order.numbers.filter { $0 >= 100 } == [100, 102])
        #expect(turns.followers(of: stream, atMost: 4).isEmpty)
    }
}

private struct Anything: Deciding {
    let commandID = UUID()
    func decide(after chain: inout DecisionChain) {}
}

@MainActor private final class Order {
    var numbers: [Int] = []
    var inside = 0
    var mostInside = 0
}
