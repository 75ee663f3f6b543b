import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import LeftfoldUsers
import Testing

@testable import LeftfoldPostgres

@Suite("Pages of the log") struct PageTests {
    private static let types: [EventType] = ["UserCreated", "UserRenamed", "UserEmailChanged", "Unheard"]

    /// Small and large events, of those that compress and those that do not.
    private static func event(_ random: inout SeededGenerator) -> NewEvent {
        let length = [10, 200, 3_000, 40_000].randomElement(using: &random) ?? 10
        let text =
            Bool.random(using: &random)
            ? String(repeating: "x", count: length)
            : Data((0..<length * 3 / 4).map { _ in UInt8.random(in: 0...255, using: &random) }).base64EncodedString()
        return NewEvent(type: types.randomElement(using: &random) ?? types[0], data: Array("{\"text\":\"\(text)\"}".utf8))
    }

    private static let filters: [(name: String, sources: EventSources)] = [
        ("all of two", [.category("note"), .all(of: User.self)]), ("some types", .only([.renamed], of: User.self)),
        ("one category", .category("note")), ("nothing", []),
    ]

    @Test("have what is wanted, are bounded by bytes and events looked at, and end where was looked", arguments: SeededGenerator.seeds(2))
    func pages(seed: UInt64) async throws {
        try await TestDatabase.with { database in
            var random = SeededGenerator(seed: seed)
            for _ in 0..<30 {
                let category = ["user", "note", "users"].randomElement(using: &random) ?? "user"
                let stream = try #require(StreamName(rawValue: "\(category)-\(UUID().uuidString.lowercased())"))
                let events = (1...Int.random(in: 1...6, using: &random)).map { _ in Self.event(&random) }
                _ = try await database.store.append(Note.append(to: stream, events))
            }
            let log = try await database.store.read(after: .zero, limit: 1_000)
            for (name, sources) in Self.filters {
                for (size, bytes) in [(7, 50_000), (1_000, 100_000), (1_000, 1), (1, 1_000_000)] {
                    let reader = LogReader(store: database.store, pace: BatchPace(size), sources: sources, pageBytes: bytes)
                    var read: [RecordedEvent] = []
                    var position = GlobalPosition.zero
                    try await reader.read(after: position) { page in
                        let wanted = page.filter(sources.contains)
                        let last = try #require(page.last)
                        #expect(page.dropLast().allSatisfy(sources.contains), "\(name): only the last may be unwanted")
                        #expect(wanted.count <= 1 || wanted.reduce(0) { $0 + $1.data.count } <= bytes, "\(name), \(bytes) bytes")
                        #expect(last.position.rawValue - position.rawValue <= size)
                        position = last.position
                        read += wanted
                    }
                    #expect(position == log.last?.position, "\(name): to the end")
                    #expect(read == log.filter(sources.contains), "\(name), pages of \(size) events and \(bytes) bytes")
                }
            }
        }
    }

    @Test("A hole stops who reads, also where what is missing was not wanted")
    func hole() async throws {
        try await TestDatabase.with { database in
            try await database.note(5)
            try await database.pool.withTransaction { connection in
                try await connection.execute("ALTER TABLE leftfold.events DISABLE TRIGGER ALL")
                try await connection.execute("DELETE FROM leftfold.events WHERE position = 3")
            }
            let reader = LogReader(store: database.store, pace: BatchPace(10), sources: .all(of: User.self))
            await #expect(throws: PostgresError.self) { try await reader.page(after: .zero) }
            #expect(try await reader.page(after: 3).events.map(\.position) == [5])
        }
    }

    /// The last event before the one at fault is not wanted, and was looked at.
    @Test("What stops at an event has all before it behind it, wanted or not")
    func stops() async throws {
        try await TestDatabase.with { database in
            try await database.note(1)
            let other = try #require(StreamName(rawValue: "other-1"))
            _ = try await database.store.append(Note.append(to: other, ["a", "b"]))
            _ = try await database.store.append(Note.append(to: try Note.stream(), ["refused"]))
            try await database.projecting(Ledger(refused: ["refused"])) {
                try await eventually("stopped") { try await database.status(Ledger.name)?.failedPosition == 4 }
            }
            #expect(try await database.status(Ledger.name)?.position == 3)
            #expect(try await database.ledger() == [1])
        }
    }
}
