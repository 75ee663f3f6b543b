import Foundation
public import Leftfold

/// Random work that two stores must answer alike: whatever the one does, in any combination, its definition does, too.
/// ```swift
/// @Test(arguments: SeededGenerator.seeds(8))
/// func answersAlike(seed: UInt64) async throws { try await EventStoreComparison(seed: seed).run(on: store) }
/// ```
/// Batches of chains with repeated and reused ids, wrong and unknown versions, claims, conditions, checkpoints, several
/// streams and none, with events and without; refusals in between.
public struct EventStoreComparison: Sendable {
    /// What the random numbers begin with: the same seed, the same work.
    public let seed: UInt64

    public init(seed: UInt64) { self.seed = seed }

    /// Throws ``ContractBroken``, with the seed, where the stores differ, and whatever they throw.
    ///
    /// - Parameters:
    ///   - store: empty, and nobody else's meanwhile.
    ///   - definition: empty as well.
    ///   - batches: how many to run.
    ///   - together: how the store appends several chains in one go, one after the other, where it has a way to do that. Else each
    ///     chain is an append of its own.
    public func run(
        on store: any EventStore, comparedWith definition: any EventStore = InMemoryEventStore(), batches: Int = 60,
        together: (@Sendable ([[Append]]) async throws -> [[AppendAnswer]])? = nil
    ) async throws {
        var work = RandomWork(seed: seed)
        do {
            for number in 0..<batches {
                let batch = work.batch()
                let expected = try await Self.append(batch, to: definition)
                let answers = if let together { try await together(batch) } else { try await Self.append(batch, to: store) }
                try expect(answers.count, expected.count, "answers to batch \(number)")
                for (index, chain) in batch.enumerated() {
                    try expect(answers[index], expected[index], "batch \(number), chain \(index): \(chain.map(\.summary))")
                }
                work.learn(expected, of: batch)

                for refused in work.refusals() {
                    try expect(
                        try await store.record(refused), try await definition.record(refused),
                        "after batch \(number): \(refused.command.context.commandID)")
                }
                if let follower = work.takeover() {
                    let checkpoint = try await definition.takeOver(follower)
                    try expect(try await store.takeOver(follower), checkpoint, "after batch \(number)")
                    work.learn(checkpoint)
                }
                if number % 10 == 9 || number == batches - 1 { try await compare(store, definition, &work) }
            }
        } catch let broken as ContractBroken {
            throw ContractBroken(description: "seed \(seed): \(broken.description)")
        }
    }

    private static func append(_ batch: [[Append]], to store: any EventStore) async throws -> [[AppendAnswer]] {
        var answers: [[AppendAnswer]] = []
        for chain in batch { answers.append(try await store.append(chain)) }
        return answers
    }

    /// Everything that they hold.
    private func compare(_ store: any EventStore, _ definition: any EventStore, _ work: inout RandomWork) async throws {
        try expect(try await store.head(), try await definition.head(), "head")
        let log = try await definition.read(after: .zero, limit: .max).map(\.timeless)
        try expect(try await store.read(after: .zero, limit: log.count + 1).map(\.timeless), log, "log")
        for stream in work.streams {
            try expect(try await store.read(stream).map(\.timeless), log.filter { $0.stream == stream }, "\(stream)")
        }
        let all = JournalFilter(limit: work.commandCount + 1)
        try expect(
            try await store.journal(all).map(\.timeless), try await definition.journal(all).map(\.timeless), "journal")
        try expect(try await store.holders(of: work.claims), try await definition.holders(of: work.claims), "claims")
        for _ in 0..<10 {
            let (query, after) = (work.query(), work.position())
            try expect(
                try await store.read(matching: query, after: after, limit: 20).map(\.timeless),
                Array(log.filter { $0.position > after && query.matches($0) }.prefix(20)), "\(query) after \(after)")
        }
    }
}

extension Append {
    /// For a person who looks for what is wrong.
    fileprivate var summary: String {
        let writes = writes.map { write in
            "\(write.stream) at \(write.expected) +\(write.events.count) \(write.events.map(\.tags)) -\(write.claims.released.map(\.value)) +\(write.claims.taken.map(\.value))"
        }
        let conditions = conditions.map { "none of \($0.query.items) after \($0.after)" }
        return "\(commandID): \(writes) \(conditions) \(progress.map { "\($0)" } ?? "")"
    }
}

extension RecordedEvent {
    /// Without what the stores' clocks say.
    fileprivate var timeless: RecordedEvent {
        var event = self
        event.recordedAt = .distantPast
        return event
    }
}

extension JournalEntry {
    fileprivate var timeless: JournalEntry {
        var entry = self
        entry.finishedAt = .distantPast
        return entry
    }
}
