import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import LeftfoldUsersReadModel
import Testing

@testable import LeftfoldPostgres

@Suite("An explanation", .timeLimit(.minutes(10))) struct ExplanationTests {
    @Test("of a row in the fold form has each event that changed it, and the row after it, also while there is none")
    func fold() async throws {
        try await TestDatabase.with { database in
            for text in ["1", "gone", "2", "again"] {
                for name in ["a", "b"] { _ = try await database.store.append(Note.append(to: try Note.stream(name), [text])) }
            }
            let report = try await Explanation(Latest(), in: database).run(["b"])
            #expect(report.key == [KeyField(column: "stream", value: "b")] && report.table == "latest" && report.position == 8)
            #expect(report.steps.map(\.event.position) == [2, 4, 6, 8] && report.events == 4)
            #expect(
                report.steps.map { $0.row?.description } == [
                    #"{"stream":"b","text":"1","count":1}"#, nil, #"{"stream":"b","text":"2","count":1}"#,
                    #"{"stream":"b","text":"2","count":2}"#,
                ])
            let last = try await Explanation(Latest(), in: database).run(["stream=b"], upTo: 6, limit: 1)
            #expect(last.steps.map(\.event.position) == [6] && last.events == 3)
            let never = try await Explanation(Latest(), in: database).run(["c"])
            #expect(never.events == 0 && never.steps.isEmpty)
            let left = try await database.scratches()
            #expect(left.isEmpty)
        }
    }

    @Test("of a row in the statement form sees what its SQL does, whichever events it is that reach the row, in every table")
    func statements() async throws {
        try await TestDatabase.with { database in
            for (name, text) in [("a", "red"), ("b", "blue"), ("a", "blue"), ("c", "swap")] {
                _ = try await database.store.append(Note.append(to: try Note.stream(name), [text]))
            }
            let red = try await Explanation(Colours(), in: database).run(["colour=red"], table: "colours")
            #expect(red.steps.map(\.event.position) == [1, 4])
            #expect(red.steps.map { $0.row?.description } == [#"{"colour":"red","count":1}"#, nil])
            // The row that was another one's until then.
            let swapped = try await Explanation(Colours(), in: database).run(["RED"], table: "colours")
            #expect(swapped.steps.map(\.event.position) == [4])
            let pair = try await Explanation(Colours(), in: database).run(["colour=blue", "note=note-a"], table: "pairs")
            #expect(pair.key.map(\.description) == ["note=note-a", "colour=blue"] && pair.steps.map(\.event.position) == [3])
        }
    }

    @Test("ends, for every row, in the row that is live; in both forms, on a random log", arguments: SeededGenerator.seeds(2))
    func agrees(seed: UInt64) async throws {
        try await TestDatabase.with { database in
            var random = SeededGenerator(seed: seed)
            try await database.appendRandomUsers(120, using: &random)
            for projection in [UserDirectory(), FoldedDirectory()] as [any PostgresProjection] {
                _ = try await Rebuild(projection, in: database).run()
                let table = projection.tables[0]
                let rows = try await database.pool.execute(
                    "SELECT id::text, row_to_json(t)::text FROM \(identifier: table) AS t ORDER BY 1 LIMIT 4"
                ).map { try $0.decode(String.self, String.self) }
                #expect(!rows.isEmpty)
                for (id, row) in rows {
                    let report = try await Explanation(projection, in: database).run([id.uppercased()])
                    #expect(report.steps.last?.row?.description == row && report.key.map(\.value) == [id])
                    let events = try await database.pool.execute(
                        "SELECT position FROM leftfold.events WHERE stream = \("user-\(id)") ORDER BY 1"
                    ).map { try $0.decode(GlobalPosition.self) }
                    #expect(report.steps.map(\.event.position) == events)
                }
            }
        }
    }

    @Test("of what cannot be a row is refused, and says what could")
    func refused() async throws {
        try await TestDatabase.with { database in
            try await database.note(2)
            let explanation = Explanation(Colours(), in: database)
            for (key, table, code) in [
                (["x"], "nothing", "unknown_table"), (["x"], "pairs", "not_a_key"), (["note=a", "note=b"], "pairs", "not_a_key"),
                (["note=a", "colour=b", "more=c"], "pairs", "not_a_key"), (["red", "blue"], "colours", "not_a_key"),
                (["1"], "heap", "no_key"),
            ] {
                let error = await #expect(throws: OperationRefused.self) { try await explanation.run(key, table: table) }
                #expect(error?.code == code)
            }
            let number = await #expect(throws: OperationRefused.self) { try await Explanation(Ledger(), in: database).run(["one"]) }
            #expect(number?.code == "not_a_key" && number?.message.contains("position=…") == true)
            let beyond = await #expect(throws: OperationRefused.self) { try await Explanation(Ledger(), in: database).run(["1"], upTo: 3) }
            #expect(beyond?.code == "position_beyond_log")
            let left = try await database.scratches()
            #expect(left.isEmpty)
        }
    }
}

/// Counts colours, and pairs of note and colour: rows that no stream of events belongs to.
private struct Colours: StatementProjection {
    static let name: ProjectionName = "colours"
    let version = 1
    let sources: EventSources = .category("note")
    let tables = ["colours", "pairs", "heap"]
    let script = """
        CREATE TABLE colours (colour text PRIMARY KEY, count bigint NOT NULL);
        CREATE TABLE pairs (note text, colour text, count bigint NOT NULL, PRIMARY KEY (note, colour));
        CREATE TABLE heap (note text);
        """

    func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
        let text = try JSONDecoder().decode([String: String].self, from: Data(event.data))["text"] ?? ""
        if text == "swap" { return batch.execute("UPDATE colours SET colour = upper(colour)") }
        batch.execute(
            "INSERT INTO colours VALUES (\(text), 1) ON CONFLICT (colour) DO UPDATE SET count = colours.count + 1")
        batch.execute(
            "INSERT INTO pairs VALUES (\(event.stream), \(text), 1) ON CONFLICT (note, colour) DO UPDATE SET count = pairs.count + 1")
        batch.execute("INSERT INTO heap VALUES (\(event.stream))")
    }
}
