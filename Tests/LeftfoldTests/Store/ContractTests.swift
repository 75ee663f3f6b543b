import Foundation
import Leftfold
import LeftfoldTesting
import Testing

/// A contract that every store passes is worth nothing: here are some that must not. Each is found by a check, and by
/// random work.
@Suite("The contract finds")
struct ContractTests {
    static let faulty: [FaultyStore.Kind] = [
        .init("loses the last event of a write") { append in
            try append.with(writes: append.writes.map { $0.events.count > 1 ? $0.with(events: $0.events.dropLast()) : $0 })
        },
        .init("does not check the expected version") { append in
            try append.with(writes: append.writes.map { StreamWrite($0.stream, expected: .any, events: $0.events, claims: $0.claims) })
        },
        .init("checks the version of the first stream only") { append in
            try append.with(
                writes: append.writes.prefix(1)
                    + append.writes.dropFirst().map { StreamWrite($0.stream, expected: .any, events: $0.events, claims: $0.claims) })
        },
        .init("forgets streams without events") { append in
            try append.with(writes: append.writes.count > 1 ? append.writes.filter { !$0.events.isEmpty } : append.writes)
        },
        .init("ignores claims") { append in
            try append.with(writes: append.writes.map { StreamWrite($0.stream, expected: $0.expected, events: $0.events) })
        },
        .init("takes every command for a new one") { append in
            var command = append.command
            command.context.commandID = UUID()
            return try append.with(command: command)
        },
        .init("does not look at the content") { append in
            var command = append.command
            command.content = []
            return try append.with(command: command)
        },
        .init("tidies up JSON", isFoundByRandomWork: false) { append in
            try append.with(
                writes: try append.writes.map { write in
                    write.with(
                        events: try write.events.map { event in
                            var event = event
                            let object = try JSONSerialization.jsonObject(with: Data(event.data))
                            event.data = [UInt8](try JSONSerialization.data(withJSONObject: object))
                            return event
                        })
                })
        },
        .init("loses tags") { append in
            try append.with(
                writes: append.writes.map { $0.with(events: $0.events.map { NewEvent(type: $0.type, version: $0.version, data: $0.data) }) }
            )
        },
        .init("loses the version of the shape") { append in
            try append.with(
                writes: append.writes.map { $0.with(events: $0.events.map { NewEvent(type: $0.type, data: $0.data, tags: $0.tags) }) })
        },
        .init("loses the trace") { append in
            try Append(append.command, append.writes, conditions: append.conditions, progress: append.progress)
        },
        .init("ignores conditions") { append in
            try Append(append.command, append.writes, progress: append.progress, traceparent: append.traceparent)
        },
        .init("ignores the position of a condition") { append in
            let conditions = append.conditions.map { AppendCondition(noEventMatching: $0.query, after: .zero) }
            return try Append(
                append.command, append.writes, conditions: conditions, progress: append.progress, traceparent: append.traceparent)
        },
        .init("ignores progress") { append in
            try Append(append.command, append.writes, conditions: append.conditions, traceparent: append.traceparent)
        },
    ]

    @Test("a store that", arguments: faulty)
    func finds(_ kind: FaultyStore.Kind) async throws {
        var found: [String] = []
        for check in EventStoreContract.all {
            do { try await check.run(on: FaultyStore(kind)) } catch { found.append(check.description) }
        }
        #expect(!found.isEmpty)
        guard kind.isFoundByRandomWork else { return }
        await #expect(throws: ContractBroken.self) { try await EventStoreComparison(seed: 1).run(on: FaultyStore(kind), batches: 200) }
    }

    @Test("a store that does not put refusals on record")
    func ignoresRefusals() async {
        struct Forgetful: StoreOnTop {
            let base = InMemoryEventStore()
            func append(_ chain: [Append]) async throws -> [AppendAnswer] { try await base.append(chain) }
            func record(_ refused: RefusedCommand) async throws -> RecordAnswer { .recorded }
        }
        #expect(await broken(Forgetful()).contains("every kind of refusal is on record, and leaves no event"))
    }

    @Test("a store that lets what follows in a chain pass")
    func ignoresPredecessors() async {
        struct Careless: StoreOnTop {
            let base = InMemoryEventStore()
            func append(_ chain: [Append]) async throws -> [AppendAnswer] {
                var answers: [AppendAnswer] = []
                for append in chain { answers.append(try await base.append(append)) }
                return answers
            }
        }
        #expect(await broken(Careless()).contains("the right version is not enough for what follows in a chain"))
    }

    @Test("a store that keeps the streams of one command apart")
    func tearsCommandsApart() async {
        struct Tearing: StoreOnTop {
            let base = InMemoryEventStore()
            func append(_ chain: [Append]) async throws -> [AppendAnswer] {
                guard chain.count == 1, chain[0].writes.count > 1 else { return try await base.append(chain) }
                var all = Appended([], at: .zero)
                for (index, write) in chain[0].writes.enumerated() {
                    var command = chain[0].command
                    if index > 0 { command.context.commandID = UUID() }
                    switch try await base.append(Append(command, write)) {
                    case .appended(let appended): all = Appended(all.streams + appended.streams, at: appended.position)
                    case let other: return [other]
                    }
                }
                return [.appended(all)]
            }
        }
        let found = await broken(Tearing())
        #expect(found.contains("a wrong version of any of its streams leaves nothing in all of them"))
        #expect(found.contains("a taken claim for any of its streams leaves nothing in all of them"))
    }

    @Test("nothing wrong with a store that is not", arguments: EventStoreContract.all)
    func findsNothing(_ check: EventStoreContract.Check) async throws {
        try await check.run(on: FaultyStore(FaultyStore.Kind("is fine") { $0 }))
    }

    private func broken(_ store: some EventStore) async -> [String] {
        var found: [String] = []
        for check in EventStoreContract.all {
            do { try await check.run(on: store) } catch { found.append(check.description) }
        }
        return found
    }
}

/// Appends something else than it was asked to.
struct FaultyStore: StoreOnTop {
    let base = InMemoryEventStore()
    let kind: Kind

    struct Kind: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let isFoundByRandomWork: Bool
        let fault: @Sendable (Append) throws -> Append

        init(_ description: String, isFoundByRandomWork: Bool = true, _ fault: @escaping @Sendable (Append) throws -> Append) {
            testDescription = description
            self.isFoundByRandomWork = isFoundByRandomWork
            self.fault = fault
        }
    }

    init(_ kind: Kind) { self.kind = kind }

    func append(_ chain: [Append]) async throws -> [AppendAnswer] { try await base.append(try chain.map(kind.fault)) }
}

extension Append {
    fileprivate func with(command: CommandRecord? = nil, writes: some Sequence<StreamWrite>) throws -> Append {
        try Append(
            command ?? self.command, Array(writes), conditions: conditions, progress: progress, traceparent: traceparent)
    }

    fileprivate func with(command: CommandRecord) throws -> Append { try with(command: command, writes: writes) }
}

extension StreamWrite {
    fileprivate func with(events: some Sequence<NewEvent>) -> StreamWrite {
        StreamWrite(stream, expected: expected, events: Array(events), claims: claims)
    }
}
