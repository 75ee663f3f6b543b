import Foundation
import Leftfold
import LeftfoldTesting
import LeftfoldUsers
import Testing

@testable import LeftfoldCLI

@Suite("Lines run at once, as if one after the other")
struct ScheduleTests {
    let a = StreamID<User>(UUID()).name
    let b = StreamID<User>(UUID()).name
    let x = Claim.email("x@example.org")
    let y = Claim.email("y@example.org")

    @Test("lines that share nothing run at once; of one stream, one after the other")
    func streams() {
        var schedule = Schedule()
        schedule.open()
        schedule.add(.init(index: 0, stream: a))
        schedule.add(.init(index: 1, stream: b))
        schedule.add(.init(index: 2, stream: a))
        schedule.add(.init(index: 3, stream: nil))
        schedule.close()
        #expect(schedule.takeReady(atMost: 10) == [0, 1, 3])
        #expect(schedule.takeReady(atMost: 10) == [])
        schedule.finish(0)
        #expect(schedule.takeReady(atMost: 10) == [2])
        for index in 1...3 { schedule.finish(index) }
        #expect(schedule.unfinished == 0)
    }

    @Test("two that want the same value run in order")
    func sameClaim() {
        var schedule = Schedule()
        schedule.open()
        schedule.add(.init(index: 0, stream: a, named: [x]))
        schedule.add(.init(index: 1, stream: b, named: [x, y]))
        schedule.close()
        #expect(schedule.takeReady(atMost: 10) == [0])
        schedule.finish(0)
        #expect(schedule.takeReady(atMost: 10) == [1])
    }

    @Test("who takes a value waits for what its holder does before")
    func holder() {
        var schedule = Schedule()
        schedule.open()
        schedule.add(.init(index: 0, stream: a, named: [y]))
        schedule.add(.init(index: 1, stream: b, named: [x]), holders: [x: a])
        schedule.close()
        #expect(schedule.takeReady(atMost: 10) == [0])
    }

    @Test("what a line names, later lines of its stream may give up")
    func namedBefore() {
        var schedule = Schedule()
        schedule.open()
        schedule.add(.init(index: 0, stream: a, named: [x]))
        schedule.close()
        schedule.open()
        schedule.add(.init(index: 1, stream: a))
        schedule.add(.init(index: 2, stream: b, named: [x]))
        schedule.close()
        #expect(schedule.takeReady(atMost: 10) == [0])
        schedule.finish(0)
        #expect(schedule.takeReady(atMost: 10) == [1])
    }

    @Test("a stream that was to hold the value is watched even after it has got it")
    func behind() {
        var schedule = Schedule()
        schedule.open()
        schedule.add(.init(index: 0, stream: a, named: [x]))
        schedule.add(.init(index: 1, stream: b, named: [x]))
        schedule.close()
        #expect(schedule.takeReady(atMost: 10) == [0])
        schedule.finish(0)
        schedule.open()
        // It gives x up, and does not say so.
        schedule.add(.init(index: 2, stream: a, named: [y]), holders: [:])
        schedule.close()
        #expect(schedule.takeReady(atMost: 10) == [1])
    }

    @Test("a line that finishes during a look-up lets others start, and still counts for the look-up")
    func finishedWhileOpen() {
        var schedule = Schedule()
        schedule.open()
        schedule.add(.init(index: 0, stream: a, named: [x]))
        schedule.add(.init(index: 1, stream: a, named: []))
        schedule.close()
        #expect(schedule.takeReady(atMost: 10) == [0])
        schedule.open()
        schedule.finish(0)
        #expect(schedule.takeReady(atMost: 10) == [1])
        schedule.add(.init(index: 2, stream: a, named: [y]))
        schedule.add(.init(index: 3, stream: b, named: [x]))
        schedule.close()
        #expect(schedule.takeReady(atMost: 10) == [])
        schedule.finish(1)
        #expect(schedule.takeReady(atMost: 10) == [2])
        schedule.finish(2)
        #expect(schedule.takeReady(atMost: 10) == [3])
    }

    @Test("whatever runs first, the outcome is that of the file's order", arguments: SeededGenerator.seeds(8))
    func adversary(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<SeededGenerator.rounds {
            let past = try await SmallWorld.lines(SmallWorld.file(lines: 15, &random), label: "past")
            let lines = try await SmallWorld.lines(SmallWorld.file(lines: 80, &random))
            let expected = try await SmallWorld.store(after: past + lines)
            let store = try await SmallWorld.store(after: past)
            try await Adversary(lines, on: store, SeededGenerator(seed: random.next())).run()
            let outcomes = try await Outcomes(of: lines, on: store)
            let expectedOutcomes = try await Outcomes(of: lines, on: expected)
            #expect(outcomes == expectedOutcomes)
            if outcomes != expectedOutcomes { return }
        }
    }

    @Test("killed anywhere and run again, it ends as if it had never been killed", arguments: SeededGenerator.seeds(8))
    func killed(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<SeededGenerator.rounds {
            let past = try await SmallWorld.lines(SmallWorld.file(lines: 15, &random), label: "past")
            let lines = try await SmallWorld.lines(SmallWorld.file(lines: 60, &random))
            let expected = try await SmallWorld.store(after: past + lines)
            let store = try await SmallWorld.store(after: past)
            for _ in 0..<3 {
                let limit = Int.random(in: 1...60, using: &random)
                try await Adversary(lines, on: store, SeededGenerator(seed: random.next()), limit: limit).run()
            }
            try await Adversary(lines, on: store, SeededGenerator(seed: random.next())).run()
            let outcomes = try await Outcomes(of: lines, on: store)
            let expectedOutcomes = try await Outcomes(of: lines, on: expected)
            #expect(outcomes == expectedOutcomes)
            if outcomes != expectedOutcomes { return }
        }
    }
}
