import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import Testing

@testable import LeftfoldPostgres

@Suite struct ProjectionNameTests {
    @Test("A name is refused at once when a late generation's schema would not be an identifier, and only then")
    func length() throws {
        struct Named: StatementProjection {
            static let name: ProjectionName = "a_name_that_takes_forty_three_bytes_exactly"
            let version = 1
            let sources: EventSources = []
            let tables: [String] = []
            let script = ""
            func apply(_ event: RecordedEvent, to batch: inout StatementBatch) {}
        }
        #expect(Named.name.rawValue.utf8.count == 43)
        try Named().checkName(in: "leftfold")
        #expect(throws: UnfitProjection.self) { try Named().checkName(in: "leftfold2") }
        let last = Generation(log: "leftfold", projection: Named.name, number: Int(Int32.max), codeVersion: 1)
        #expect(last.schema.utf8.count == 63)
    }

    @Test("A projection that does not create its tables is refused, and leaves nothing behind")
    func noTable() async throws {
        try await TestDatabase.with { database in
            var ledger = Ledger()
            ledger.script = "CREATE TABLE elsewhere (position bigint);"
            let incomplete = ledger
            await #expect(throws: UnfitProjection.self) { try await database.createReadTables([incomplete]) }
            #expect(try await database.projectionStatuses().isEmpty)
            let schemas = try await database.pool.execute("SELECT 1 FROM pg_namespace WHERE nspname LIKE 'leftfold_ledger%'")
            #expect(schemas.isEmpty)
        }
    }

    @Test("Extensions installed in public are found by a projection's script and statements")
    func extensions() async throws {
        try await TestDatabase.with { database in
            try await database.pool.execute("CREATE DOMAIN public.note_text AS text CHECK (VALUE <> 'bad')")
            var ledger = Ledger()
            ledger.script = "CREATE TABLE ledger (position bigint PRIMARY KEY, text note_text NOT NULL, data json NOT NULL);"
            try await database.note(2)
            _ = try await Rebuild(ledger, in: database).run()
            #expect(try await database.ledger() == [1, 2])
        }
    }
}
