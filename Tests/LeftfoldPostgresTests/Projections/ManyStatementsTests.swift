import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

/// Large batches of the statement form: what their updates found is seen before the commit.
@Suite struct ManyStatementsTests {
    @Test("An update that finds no row stops a large batch at its event, too; all before it is in", arguments: [1, 120, 149])
    func missing(number: Int) async throws {
        try await TestDatabase.with { database in
            for other in 1...150 {
                let texts = other == number ? ["again"] : ["new", "again"]
                _ = try await database.store.append(Note.append(to: try Note.stream("\(other)"), texts))
            }
            let position = GlobalPosition(rawValue: Int64(number) * 2 - 1)
            try await database.projecting(Counted()) {
                try await eventually("stopped") { try await database.status(Counted.name)?.failedPosition == position }
                let failure = try await database.status(Counted.name)?.failure
                #expect(failure == "the row that it changes is not there")
                let rows = try await database.pool.execute("SELECT count(*), count(*) FILTER (WHERE times = 2) FROM counted").first
                #expect(try rows?.decode(Int.self, Int.self) ?? (0, 0) == (number - 1, number - 1))
            }
        }
    }

    @Test("One that may find none passes")
    func lenient() async throws {
        try await TestDatabase.with { database in
            for other in 1...150 { _ = try await database.store.append(Note.append(to: try Note.stream("\(other)"), ["again"])) }
            try await database.projecting(Counted(missing: .passes)) {
                try await eventually("through") { try await database.status(Counted.name)?.position == 150 }
            }
        }
    }

    @Test("A statement that the server refuses stops it at its event as well")
    func refused() async throws {
        try await TestDatabase.with { database in
            for other in 1...150 { _ = try await database.store.append(Note.append(to: try Note.stream("\(other % 140)"), ["new"])) }
            try await database.projecting(Counted()) {
                try await eventually("stopped") { try await database.status(Counted.name)?.failedPosition == 141 }
                #expect(try await database.status(Counted.name)?.position == 140)
            }
        }
    }
}

private struct Counted: StatementProjection {
    static let name: ProjectionName = "counted"
    let version = 1
    let sources: EventSources = .category("note")
    let tables = ["counted"]
    let script = "CREATE TABLE counted (stream text PRIMARY KEY, times bigint NOT NULL)"
    var missing = StatementBatch.MissingRow.stops

    func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
        let key = String(event.stream.id)
        if try JSONDecoder().decode([String: String].self, from: Data(event.data))["text"] == "new" {
            batch.execute("INSERT INTO counted VALUES (\(key), 1)")
        } else {
            batch.execute("UPDATE counted SET times = times + 1 WHERE stream = \(key)", missing: missing)
        }
    }
}
