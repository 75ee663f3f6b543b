import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

/// Stored events are read through one door: a renamed type and old shapes mean the same to a command, a projection of either
/// form, a rebuild and a verification.
@Suite struct OldShapesTests {
    @Test(
        "A renamed type, an old shape that is several events and one that is none, through command, projections, rebuild and verification")
    func throughEverything() async throws {
        try await TestDatabase.with { database in
            let (id, other) = (UUID(), UUID())
            let old: [(UUID, EventType, String)] = [
                (id, "TitleShelved", #"{"title":"Emma"}"#), (id, "BooksShelved", #"{"titles":["Persuasion","Sanditon"]}"#),
                (id, "ShelfPainted", #"{"color":"green"}"#), (other, "BookShelved", #"{"title":"Emma"}"#),
                (id, "BookLent", #"{"title":"Emma"}"#),
            ]
            for (id, type, data) in old {
                let event = NewEvent(type: type, data: Array(data.utf8))
                _ = try await database.store.append(Note.append(to: StreamID<Shelf>(id).name, [event]))
            }

            let bus = CommandBus(store: database.store, policy: RolePolicy(["clerk": ["shelves:use"]]), commands: [ShelveBook.self])
            func context() -> CommandContext { CommandContext(principal: Principal(subject: "tester", roles: ["clerk"])) }
            let twice = await #expect(throws: (any Error).self) { try await bus.send(ShelveBook(id: id, title: "Sanditon"), context()) }
            #expect((twice as? any Refusal)?.code == "book_on_shelf")
            _ = try await bus.send(ShelveBook(id: id, title: "Emma"), context())

            let expected = [id: ["Emma", "Persuasion", "Sanditon"], other: ["Emma"]]
            for projection in [Shelved(), ShelfTitles()] as [any PostgresProjection] {
                try await database.projecting(projection) {
                    let head = try await database.store.head()
                    try await eventually("\(projection.name) is there") { try await database.status(projection.name)?.position == head }
                }
                #expect(try await database.shelves(projection.tables[0]) == expected)
                #expect(try await Verification(projection, in: database).run().matches)
                _ = try await Rebuild(projection, in: database).run()
                #expect(try await database.shelves(projection.tables[0]) == expected)
                #expect(try await Verification(projection, in: database).run().matches)
            }
        }
    }

    @Test("A type that the code does not know stops a projection, even one that wants only some of the types")
    func unknownType() async throws {
        try await TestDatabase.with { database in
            let stream = StreamID<Shelf>(UUID()).name
            for type: EventType in ["BookLent", "ShelfBurned"] {
                let event = NewEvent(type: type, data: Array(#"{"title":"Emma"}"#.utf8))
                _ = try await database.store.append(Note.append(to: stream, [event]))
            }
            try await database.projecting(OnlyShelved()) {
                try await eventually("stopped") { try await database.status(OnlyShelved.name)?.failedPosition == 2 }
            }
        }
    }
}

extension LeftfoldDatabase {
    fileprivate func shelves(_ table: String) async throws -> [UUID: [String]] {
        let rows = try await pool.execute("SELECT shelf, title FROM \(identifier: table) ORDER BY title")
        return try rows.decode(UUID.self, String.self).reduce(into: [:]) { $0[$1.0, default: []].append($1.1) }
    }
}

struct Shelf: Aggregate {
    static let category: StreamCategory = "shelf"
    static let upcasters: [Upcaster] = [
        .renamed("TitleShelved", to: "BookShelved"),
        Upcaster(from: "BooksShelved") { event in
            let titles = try JSONDecoder().decode([String: [String]].self, from: Data(event.data))["titles"] ?? []
            return try titles.map { NewEvent(type: "BookShelved", data: [UInt8](try JSONEncoder().encode(["title": $0]))) }
        },
        Upcaster(from: "ShelfPainted") { _ in [] },
    ]

    enum Event: Leftfold.Event {
        case shelved(title: String)
        case lent(title: String)
        enum CodingKeys: String, CodingKey, CaseIterable { case shelved = "BookShelved", lent = "BookLent" }
    }

    enum Rejection: String, Leftfold.Rejection {
        case there = "book_on_shelf"
        var message: String { "This book is on the shelf." }
    }

    private(set) var titles: Set<String> = []
    init() {}
    mutating func evolve(_ event: Event) {
        switch event {
        case .shelved(let title): titles.insert(title)
        case .lent(let title): titles.remove(title)
        }
    }
}

private struct ShelveBook: Command {
    static let permission: Permission = "shelves:use"
    let id: UUID
    let title: String
    var target: StreamID<Shelf> { StreamID(id) }

    func decide(_ shelf: Shelf) throws(Shelf.Rejection) -> [Shelf.Event] {
        if shelf.titles.contains(title) { throw .there }
        return [.shelved(title: title)]
    }
}

private struct Shelved: StatementProjection {
    static let name: ProjectionName = "shelved"
    let version = 1
    let sources: EventSources = .all(of: Shelf.self)
    let tables = ["shelved"]
    let script = "CREATE TABLE shelved (shelf uuid, title text, PRIMARY KEY (shelf, title));"

    func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
        guard let id = StreamID<Shelf>(event.stream)?.uuid else { return }
        for change in try event.decode(as: Shelf.self) {
            switch change {
            case .shelved(let title): batch.execute("INSERT INTO shelved VALUES (\(id), \(title))")
            case .lent(let title): batch.execute("DELETE FROM shelved WHERE shelf = \(id) AND title = \(title)")
            }
        }
    }
}

private struct ShelfTitles: TableProjection {
    static let name: ProjectionName = "shelf_titles"
    let version = 1
    let sources: EventSources = .all(of: Shelf.self)
    let script = "CREATE TABLE shelf_titles (shelf uuid, title text, PRIMARY KEY (shelf, title));"

    struct Key: Hashable, Codable, Sendable { var shelf: UUID, title: String }
    struct Row: Equatable, Codable, Sendable {}

    func fold(_ event: RecordedEvent, into rows: inout RowChanges<Key, Row>) throws {
        guard let id = StreamID<Shelf>(event.stream)?.uuid else { return }
        for change in try event.decode(as: Shelf.self) {
            switch change {
            case .shelved(let title): rows.set(Key(shelf: id, title: title), Row())
            case .lent(let title): rows.remove(Key(shelf: id, title: title))
            }
        }
    }
}

private struct OnlyShelved: StatementProjection {
    static let name: ProjectionName = "only_shelved"
    let version = 1
    let sources: EventSources = .only([.shelved], of: Shelf.self)
    let tables = ["only_shelved"]
    let script = "CREATE TABLE only_shelved (title text);"

    func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
        for case .shelved(let title) in try event.decode(as: Shelf.self) { batch.execute("INSERT INTO only_shelved VALUES (\(title))") }
    }
}
