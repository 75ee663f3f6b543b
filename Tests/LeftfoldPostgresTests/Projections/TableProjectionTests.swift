import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

/// A fold in a table: its types, its keys, and what becomes of rows that do not fit.
@Suite struct TableProjectionTests {
    @Test("Every type of field comes back from its column as it went in, present and absent", arguments: SeededGenerator.seeds(4))
    func types(seed: UInt64) async throws {
        try await TestDatabase.with { database in
            var random = SeededGenerator(seed: seed)
            for _ in 0..<40 {
                let specimen = Specimens.Row.random(using: &random)
                let data = [UInt8](try JSONEncoder().encode(specimen))
                let name = "\(Int.random(in: 0..<6, using: &random))"
                _ = try await database.store.append(Note.append(to: try Note.stream(name), [NewEvent(type: "Noted", data: data)]))
            }
            var run = ProjectionRun(Specimens())
            try await run.catchUp(with: database.store)
            // With limits and types that a copy does not know, and without.
            for script in [
                Specimens.limited, Specimens.limited.replacing("varchar(200)", with: "varchar").replacing("numeric", with: "text"),
            ] {
                // One at a time, so that rows are read back and written again, and all at once.
                for (batchSize, memory) in [(1, 0), (3, 2000), (100, 128 << 20)] {
                    let specimens = Specimens(script: script)
                    _ = try await Rebuild(specimens, in: database, batchSize: batchSize, memory: memory).run()
                    #expect(try await database.rows(of: specimens) == run.rows)
                    #expect(try await Verification(specimens, in: database).run().matches)
                }
            }
        }
    }

    @Test("A removed row is gone, and may come again")
    func removal() async throws {
        try await TestDatabase.with { database in
            let stream = try Note.stream("a")
            for text in ["1", "gone", "2", "gone", "gone", "3"] { _ = try await database.store.append(Note.append(to: stream, [text])) }
            for batchSize in [1, 2, 100] {
                _ = try await Rebuild(Latest(), in: database, batchSize: batchSize, memory: batchSize == 2 ? 0 : 128 << 20).run()
                #expect(try await database.rows(of: Latest()) == ["a": Latest.Row(text: "3", count: 1)])
            }
            _ = try await database.store.append(Note.append(to: stream, ["gone"]))
            _ = try await Rebuild(Latest(), in: database).run()
            #expect(try await database.rows(of: Latest()).isEmpty)
        }
    }

    @Test("A row that the table refuses stops the projection at its event; all before it is in", arguments: ["", #"\u0000"#])
    func refusedByTheTable(text: String) async throws {
        try await TestDatabase.with { database in
            for number in 0..<20 {
                _ = try await database.store.append(Note.append(to: try Note.stream("\(number)"), [number == 13 ? text : "\(number)"]))
            }
            try await database.projecting(Latest()) {
                try await eventually("stopped") { try await database.status(Latest.name)?.failedPosition == 14 }
                #expect(try await database.status(Latest.name)?.position == 13)
            }
            #expect(try await database.rows(of: Latest()).count == 13)
        }
    }

    @Test("A change of a row that is not there stops it, too")
    func missingRow() async throws {
        try await TestDatabase.with { database in
            for text in ["1", "again"] { _ = try await database.store.append(Note.append(to: try Note.stream(text), [text])) }
            try await database.projecting(Latest()) {
                try await eventually("stopped") { try await database.status(Latest.name)?.failedPosition == 2 }
                let failure = try await database.status(Latest.name)?.failure
                #expect(failure == "there is no row with the key again")
            }
        }
    }

    @Test(
        "A table that does not go with the rows stops it visibly at the first event, with the reason",
        arguments: [
            ("CREATE TABLE latest (stream text PRIMARY KEY, text text NOT NULL)", "no column count"),
            ("CREATE TABLE latest (stream text PRIMARY KEY, text text NOT NULL, count uuid)", "the column count is uuid"),
            ("CREATE TABLE latest (stream text, part bigint, text text, count bigint, PRIMARY KEY (stream, part))", "the key is one value"),
        ])
    func mismatch(script: String, reason: String) async throws {
        try await TestDatabase.with { database in
            try await database.note(1)
            try await database.projecting(Latest(script: script)) {
                try await eventually("stopped") { try await database.status(Latest.name)?.failedPosition == 1 }
                let failure = try await database.status(Latest.name)?.failure ?? ""
                #expect(failure.contains(reason), "\(failure)")
            }
        }
    }

    @Test("A table without a primary key is refused before anything is made, with the reason")
    func noKey() async throws {
        try await TestDatabase.with { database in
            let keyless = Latest(script: "CREATE TABLE latest (stream text, text text, count bigint)")
            let error = await #expect(throws: UnfitProjection.self) { try await database.createReadTables([keyless]) }
            #expect(error?.reason.contains("no primary key") == true)
            let made = try await database.projectionStatuses()
            #expect(made.isEmpty)
        }
    }
}

/// The newest text of each stream, and how many there were since it was last gone.
struct Latest: TableProjection {
    static let name: ProjectionName = "latest"
    let version = 1
    let sources: EventSources = .category("note")
    var script = "CREATE TABLE latest (stream text PRIMARY KEY, text text NOT NULL CHECK (text <> ''), count bigint NOT NULL)"

    struct Row: Codable, Sendable, Equatable {
        var text: String
        var count: Int
    }

    func fold(_ event: RecordedEvent, into rows: inout RowChanges<String, Row>) throws {
        let text = try JSONDecoder().decode([String: String].self, from: Data(event.data))["text"] ?? ""
        let key = String(event.stream.id)
        switch text {
        case "gone": rows.remove(key)
        case "again": rows.update(key) { $0.count += 1 }
        default: rows.evolve(key) { $0 = Row(text: text, count: ($0?.count ?? 0) + 1) }
        }
    }
}

/// A row of everything, with a key of two columns.
struct Specimens: TableProjection {
    static let name: ProjectionName = "specimens"
    let version = 1
    let sources: EventSources = .category("note")
    var script = Self.limited

    static let limited = """
        CREATE TABLE specimens (
            "the key" text, part integer, line varchar(200), mood text, small smallint, big bigint, ratio double precision, flag boolean,
            id uuid, at timestamptz, tags jsonb, box json, exact numeric, PRIMARY KEY ("the key", part));
        CREATE INDEX ON specimens (big);
        """

    struct Key: Hashable, Codable, Sendable {
        var name: String
        var part: Int
        enum CodingKeys: String, CodingKey {
            case name = "the key"
            case part
        }
    }

    struct Row: Codable, Sendable, Equatable {
        var line: String?
        var mood: Mood?
        var small: Int16?
        var big: Int64?
        var ratio: Double?
        var flag: Bool?
        var id: UUID?
        var at: Date?
        var tags: [String]?
        var box: Box?
        var exact: String?

        enum Mood: String, Codable, CaseIterable { case good, bad }
        struct Box: Codable, Equatable { var width: Double, label: String? }
    }

    func fold(_ event: RecordedEvent, into rows: inout RowChanges<Key, Row>) throws {
        let row = try JSONDecoder().decode(Row.self, from: Data(event.data))
        let name = String(event.stream.id)
        rows.set(Key(name: name, part: 1), row)
        // Fields that the event leaves out stay.
        rows.evolve(Key(name: name, part: 2)) { $0 = Row(over: $0, row) }
    }
}

extension Specimens.Row {
    init(over old: Self?, _ new: Self) {
        self.init(
            line: new.line ?? old?.line, mood: new.mood ?? old?.mood, small: new.small ?? old?.small, big: new.big ?? old?.big,
            ratio: new.ratio ?? old?.ratio, flag: new.flag ?? old?.flag, id: new.id ?? old?.id, at: new.at ?? old?.at,
            tags: new.tags ?? old?.tags, box: new.box ?? old?.box, exact: new.exact ?? old?.exact)
    }

    static func random(using random: inout SeededGenerator) -> Self {
        func perhaps<T>(_ make: (inout SeededGenerator) -> T) -> T? { Bool.random(using: &random) ? make(&random) : nil }
        return Self(
            line: perhaps { String("“Ü\\\"'\n\t,{}()%_".shuffled(using: &$0)) },
            mood: perhaps { Mood.allCases.randomElement(using: &$0) ?? .good },
            small: perhaps { Int16.random(in: .min ... .max, using: &$0) },
            big: perhaps { [Int64.min, Int64.max, 0, Int64.random(in: .min ... .max, using: &$0)].randomElement(using: &$0) ?? 0 },
            ratio: perhaps { [0.1, -0.0, 1e300, .leastNonzeroMagnitude, .random(in: -1...1, using: &$0)].randomElement(using: &$0) ?? 0 },
            flag: perhaps { Bool.random(using: &$0) }, id: perhaps { _ in UUID() },
            // Whole microseconds, which is what a column keeps.
            at: perhaps { Date(timeIntervalSinceReferenceDate: Double(Int.random(in: 0...1_000_000_000_000, using: &$0)) / 1_000_000) },
            tags: perhaps { _ in ["a", "", "ü\"\\"] },
            box: perhaps { Box(width: .random(in: 0...1, using: &$0), label: Bool.random(using: &$0) ? "x" : nil) },
            exact: perhaps { "\(Int.random(in: 0...1_000_000_000, using: &$0)).\(Int.random(in: 10...99, using: &$0))" })
    }
}
