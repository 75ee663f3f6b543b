import Leftfold
import LeftfoldTesting

@testable import LeftfoldCLI

/// Runs lines by the schedule in the worst order it can think of: which line runs next and which are left lying, when the
/// schedule hears of it, how long a look-up takes and what runs in its middle are all drawn from the seed.
actor Adversary {
    private let lines: [ImportLine]
    private let base: InMemoryEventStore
    private let sender: LineSender
    private var random: SeededGenerator
    private var schedule = Schedule()
    private var runnable: [Int] = []
    private var untold: [Int] = []
    private var budget: Int
    private var interferes = true
    /// Lines that are left lying until nothing else can be done.
    private let isSlowToRun: [Bool]
    private let isSlowToTell: [Bool]
    private let chunkSize: Int
    private let adding: Int

    /// - Parameter limit: how many lines it runs before it is killed.
    init(_ lines: [ImportLine], on store: InMemoryEventStore, _ random: SeededGenerator, limit: Int = .max) {
        self.lines = lines
        base = store
        sender = SmallWorld.sender(on: store)
        var random = random
        let slow = Int.random(in: 2...10, using: &random)
        isSlowToRun = lines.map { _ in Int.random(in: 0..<slow, using: &random) == 0 }
        isSlowToTell = lines.map { _ in Int.random(in: 0..<2 * slow, using: &random) == 0 }
        chunkSize = Int.random(in: 1...12, using: &random)
        adding = Int.random(in: 1...6, using: &random)
        self.random = random
        budget = limit
    }

    private struct Stuck: Error {}

    func run() async throws {
        let hooked = HookedStore(
            base: base, beforeRead: { try await self.interfere() }, beforeHolders: { try await self.interfere() })
        let lookUp = LookUp(store: hooked, history: ClaimHistory(hooked))
        var next = 0
        while budget > 0 {
            let canAdd = next < lines.count && schedule.unfinished < 40
            let before = (runnable.count, untold.count)
            try await act()
            if canAdd, Int.random(in: 0..<adding, using: &random) == 0 {
                let chunk = Array(lines[next..<min(next + Int.random(in: 1...chunkSize, using: &random), lines.count)])
                next += chunk.count
                // With several reads at once their order would not be the seed's.
                interferes = chunk.filter { $0.command?.mayClaim.isEmpty == true }.count < 2
                schedule.open()
                let named = schedule.namedByUnfinished
                try await act()
                let found = try await lookUp.look(chunk, named: named)
                interferes = true
                try await act()
                for (line, scheduled) in zip(chunk, found.lines) {
                    schedule.add(scheduled, history: found.histories[line.index] ?? [], holders: found.holders)
                }
                schedule.close()
            } else if before == (runnable.count, untold.count), Int.random(in: 0..<4, using: &random) == 0 {
                try await runOne { _ in false }
                if runnable.isEmpty { tellOne { _ in false } }
                runnable += schedule.takeReady(atMost: .max)
                if runnable.isEmpty, untold.isEmpty, next == lines.count {
                    guard schedule.unfinished == 0 else { throw Stuck() }
                    return
                }
            }
        }
    }

    private func interfere() async throws { if interferes { try await act() } }

    /// Some lines run, and the schedule hears of some that ran.
    private func act() async throws {
        for _ in 0..<Int.random(in: 0..<8, using: &random) {
            runnable += schedule.takeReady(atMost: .max)
            if Bool.random(using: &random) {
                try await runOne { self.isSlowToRun[$0] }
            } else {
                tellOne { self.isSlowToTell[$0] }
            }
        }
        runnable += schedule.takeReady(atMost: .max)
    }

    private func runOne(unless isLeft: (Int) -> Bool) async throws {
        guard budget > 0, let choice = runnable.indices.filter({ !isLeft(runnable[$0]) }).randomElement(using: &random) else { return }
        let index = runnable.remove(at: choice)
        budget -= 1
        _ = try await sender.send(lines[index])
        untold.append(index)
    }

    private func tellOne(unless isLeft: (Int) -> Bool) {
        guard let choice = untold.indices.filter({ !isLeft(untold[$0]) }).randomElement(using: &random) else { return }
        schedule.finish(untold.remove(at: choice))
    }
}
