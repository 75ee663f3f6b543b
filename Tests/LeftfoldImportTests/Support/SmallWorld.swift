import Foundation
import Leftfold
import LeftfoldTesting
import LeftfoldUsers

@testable import LeftfoldImport

/// Few users and few addresses, so that nearly every line matters to some other line.
struct SmallWorld {
    static let ids = (10...29).map { "00000000-0000-4000-8000-0000000000\($0)" }
    static let emails = ["x", "y", "z", "v", "w", "u", "t", "s"].map { "\($0)@example.org" } + ["X@Example.org"]

    /// How many of them a file uses is drawn, too.
    static func file(lines: Int, _ random: inout SeededGenerator) -> [String] {
        let ids = Array(ids.prefix(Int.random(in: 2...ids.count, using: &random)))
        let emails = Array(emails.suffix(Int.random(in: 1...emails.count, using: &random)))
        return (0..<lines).map { _ in line(pick(ids, &random), pick(emails, &random), &random) }
    }

    private static func line(_ id: String, _ email: String, _ random: inout SeededGenerator) -> String {
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<6: return #"{"command":"CreateUser","id":"\#(id)","email":"\#(email)","name":"N"}"#
        case 6..<10: return #"{"command":"UpdateUser","id":"\#(id)","email":"\#(email)"}"#
        case 10: return #"{"id":"\#(id)","name":"M\#(Int.random(in: 0..<9, using: &random))","command":"UpdateUser"}"#
        case 11..<15: return #"{"command":"DeactivateUser","id":"\#(id)"}"#
        case 15..<19: return #"{"command":"ReactivateUser","id":"\#(id)"}"#
        default: return #"{"command":"CreateUser","id":"\#(id)"}"#
        }
    }

    private static func pick(_ choices: [String], _ random: inout SeededGenerator) -> String {
        choices[Int.random(in: choices.indices, using: &random)]
    }

    /// The lines as the importer sees them.
    static func lines(_ file: [String], label: String? = nil) async throws -> [ImportLine] {
        let bus = users(on: InMemoryEventStore())
        let feed = LineFeed(
            Text(file.joined(separator: "\n")), format: .jsonl, label: label, decoder: LineDecoder(commands: bus, mapping: { _ in nil }))
        var lines: [ImportLine] = []
        while true {
            let chunk = try await feed.next()
            lines += chunk.lines
            if chunk.isLast { return lines }
        }
    }

    /// A store with a past that no line of the file tells of.
    static func store(after past: [ImportLine]) async throws -> InMemoryEventStore {
        let store = InMemoryEventStore()
        try await runInOrder(past, on: store)
        return store
    }

    static func runInOrder(_ lines: [ImportLine], on store: any EventStore) async throws {
        let sender = sender(on: store)
        for line in lines { _ = try await sender.send(line) }
    }

    static func sender(on store: any EventStore) -> LineSender {
        LineSender(commands: users(on: store), store: store, principal: testOperator, correlationID: "import:test", startedAt: Date())
    }
}

/// All that must not depend on the order in which lines happened to run.
struct Outcomes: Equatable {
    /// By stream: the events.
    var events: [StreamName: [String]] = [:]
    /// By line: the journal's answer.
    var answers: [String] = []
    var holders: [Claim: StreamName] = [:]

    init(of lines: [ImportLine], on store: any EventStore) async throws {
        for event in try await store.read(after: .zero, limit: .max) {
            events[event.stream, default: []].append("\(event.type) \(String(decoding: event.data, as: UTF8.self))")
        }
        for line in lines {
            let entry = try await store.journalEntry(for: line.id)
            answers.append(entry.map { "\($0.name) \($0.outcome) \($0.code ?? "") \($0.version?.rawValue ?? 0)" } ?? "none")
        }
        holders = try await store.holders(of: SmallWorld.emails.map { .email($0) })
    }
}
