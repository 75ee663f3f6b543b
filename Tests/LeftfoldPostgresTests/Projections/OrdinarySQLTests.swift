import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

/// What a projection's script and statements may be made of, and what of a database must not be in their way.
@Suite struct OrdinarySQLTests {
    private static func lend(
        extensionSchemas: [String] = [], _ body: @escaping @Sendable (LeftfoldDatabase) async throws -> Void
    ) async throws {
        try await TestDatabase.withEmpty { configuration in
            _ = try await Migrator(configuration).migrate()
            try await LeftfoldDatabase(configuration, extensionSchemas: extensionSchemas, logger: TestDatabase.quiet).running(body)
        }
    }

    /// Keeps it, rebuilds it twice, and compares it with a fold of the log.
    private static func check(_ projection: any PostgresProjection, in database: LeftfoldDatabase) async throws {
        try await database.projecting(projection) {
            try await database.note(5)
            try await eventually("applied") { try await database.status(projection.name)?.position == database.store.head() }
            for _ in 1...2 { _ = try await Rebuild(projection, in: database).run() }
            try await database.note(1)
            try await eventually("applied") { try await database.status(projection.name)?.position == database.store.head() }
        }
        let report = try await Verification(projection, in: database).run()
        #expect(report.matches, "\(report)")
    }

    private static func has(_ name: String, _ database: LeftfoldDatabase) async throws -> Bool {
        try await !database.pool.execute("SELECT FROM pg_available_extensions WHERE name = \(name)").isEmpty
    }

    @Test("Types and operators of extensions are found where they are installed", arguments: ["public", "extensions"])
    func extensions(schema: String) async throws {
        try await Self.lend(extensionSchemas: ["extensions"]) { database in
            guard try await Self.has("citext", database), try await Self.has("pg_trgm", database) else { return }
            try await database.pool.execute("CREATE SCHEMA IF NOT EXISTS \(identifier: schema)")
            for name in ["citext", "pg_trgm"] {
                try await database.pool.execute("CREATE EXTENSION \(identifier: name) SCHEMA \(identifier: schema)")
            }
            let words = Words()
            try await Self.check(words, in: database)
            // Case does not matter to the statements of the projection, nor to queries.
            let count = try await database.pool.execute("SELECT count FROM words WHERE word = 'NOTED'").first?.decode(Int.self)
            #expect(count == 6)
            let similar = try await database.queries.execute("SELECT FROM words WHERE word::text % 'note'")
            #expect(similar.count == 1)
        }
    }

    @Test("A type whose operators would not be found is refused, and not compared as another one")
    func unsearched() async throws {
        try await Self.lend { database in
            guard try await Self.has("citext", database) else { return }
            try await database.pool.execute("CREATE SCHEMA elsewhere")
            try await database.pool.execute("CREATE EXTENSION citext SCHEMA elsewhere")
            var words = Words()
            words.script = "CREATE TABLE words (word elsewhere.citext PRIMARY KEY, count bigint NOT NULL);"
            let refused = words
            let error = await #expect(throws: UnfitProjection.self) { try await database.createReadTables([refused]) }
            #expect(error?.description.contains("elsewhere") == true)
            #expect(try await database.projectionStatuses().isEmpty)
        }
    }

    @Test("Partitions, identity columns, generated columns, foreign keys among its tables, and a sequence of its own")
    func tables() async throws {
        try await Self.lend { database in try await Self.check(Shelves(), in: database) }
    }

    @Test(
        "What is there under the name of a read table is refused before anything is done, and stays",
        arguments: [
            "CREATE TABLE public.ledger (kept integer)", "CREATE VIEW public.ledger AS SELECT 1 AS kept",
            "CREATE MATERIALIZED VIEW public.ledger AS SELECT 1 AS kept",
        ])
    func there(statement: String) async throws {
        try await Self.lend { database in
            try await database.pool.execute(SQL(unsafe: statement))
            let error = await #expect(throws: UnfitProjection.self) { try await database.createReadTables([Ledger()]) }
            #expect(error?.description.contains("public.ledger") == true)
            let kept = try await database.pool.execute("SELECT kept FROM public.ledger")
            #expect(kept.columns.count == 1, "it is as it was")
            #expect(try await database.projectionStatuses().isEmpty)
            // Nor does a later version of the code that has a table more get it by a rebuild.
            try await database.pool.execute(SQL(unsafe: statement.replacing("public.ledger", with: "public.more")))
            var ledger = Ledger()
            ledger.script += "CREATE TABLE more (position bigint);"
            try await database.pool.execute(
                SQL(
                    unsafe: statement.contains("TABLE")
                        ? "DROP TABLE public.ledger"
                        : statement.contains("MATERIALIZED")
                            ? "DROP MATERIALIZED VIEW public.ledger" : "DROP VIEW public.ledger"))
            try await database.createReadTables([Ledger()])
            let larger = Larger(ledger: ledger)
            await #expect(throws: UnfitProjection.self) { try await Rebuild(larger, in: database).run() }
            #expect(try await database.projectionStatuses().map(\.generation) == [1])
        }
    }

    @Test("A database that keeps a record of DDL by event triggers is no obstacle")
    func eventTriggers() async throws {
        try await TestDatabase.withEmpty { configuration in
            let connection = try await Connection.connect(configuration, logger: TestDatabase.quiet)
            try await connection.execute(
                script: """
                    CREATE TABLE public.changes (tag text, object text);
                    CREATE FUNCTION public.record_change() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
                    BEGIN
                        INSERT INTO public.changes SELECT tg_tag, object_identity FROM pg_event_trigger_ddl_commands();
                    END $$;
                    CREATE FUNCTION public.record_drop() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
                    BEGIN
                        INSERT INTO public.changes SELECT tg_tag, object_identity FROM pg_event_trigger_dropped_objects();
                    END $$;
                    CREATE EVENT TRIGGER record_changes ON ddl_command_end EXECUTE FUNCTION public.record_change();
                    CREATE EVENT TRIGGER record_drops ON sql_drop EXECUTE FUNCTION public.record_drop();
                    """)
            _ = try await Migrator(configuration).migrate()
            try await LeftfoldDatabase(configuration, logger: TestDatabase.quiet).running { database in
                try await Self.check(Ledger(), in: database)
            }
            let recorded = try await connection.execute("SELECT FROM public.changes WHERE object LIKE 'leftfold_ledger%'").count
            #expect(recorded > 5)
            // One that refuses is obeyed, and nothing is half done.
            try await connection.execute(
                script: """
                    CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
                    CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION public.refuse();
                    """)
            try await LeftfoldDatabase(configuration, logger: TestDatabase.quiet).running { database in
                let error = await #expect(throws: PostgresError.self) { try await Rebuild(Ledger(), in: database).run() }
                #expect(error?.message == "not now")
                let states = try await database.projectionStatuses().map(\.state)
                #expect(states == ["live"])
            }
            try await connection.execute("DROP EVENT TRIGGER refuse")
            await connection.close()
        }
    }
}

/// How often each type of event was seen, whatever its case.
private struct Words: StatementProjection {
    static let name: ProjectionName = "words"
    let version = 1
    let sources: EventSources = .category("note")
    let tables = ["words"]
    var script = """
        CREATE TABLE words (word citext PRIMARY KEY, count bigint NOT NULL);
        CREATE INDEX words_like ON words USING gin ((word::text) gin_trgm_ops);
        """

    func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
        if event.position.rawValue == 1 { batch.execute("INSERT INTO words VALUES ('Noted', 0)") }
        batch.execute("UPDATE words SET count = count + 1 WHERE word = \(event.position.rawValue % 2 == 0 ? "nOTED" : "NOTED")::citext")
    }
}

/// Several tables, of all kinds.
private struct Shelves: StatementProjection {
    static let name: ProjectionName = "shelves"
    let version = 1
    let sources: EventSources = .category("note")
    let tables = ["shelves", "books"]
    let script = """
        CREATE TABLE shelves (id bigint PRIMARY KEY, twice bigint GENERATED ALWAYS AS (id * 2) STORED) PARTITION BY RANGE (id);
        CREATE TABLE shelves_low PARTITION OF shelves FOR VALUES FROM (0) TO (3);
        CREATE TABLE shelves_rest PARTITION OF shelves DEFAULT;
        CREATE SEQUENCE places;
        CREATE TABLE books (
            number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, place bigint NOT NULL DEFAULT nextval('places'),
            shelf bigint NOT NULL REFERENCES shelves (id));
        """

    func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
        batch.execute("INSERT INTO shelves (id) VALUES (\(event.position))")
        batch.execute("INSERT INTO books (shelf) VALUES (\(event.position))")
    }
}

/// The ledger with a table more.
private struct Larger: StatementProjection {
    static var name: ProjectionName { Ledger.name }
    var ledger: Ledger
    var version: Int { 2 }
    var sources: EventSources { ledger.sources }
    var tables: [String] { ["ledger", "more"] }
    var script: String { ledger.script }

    func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws { try ledger.apply(event, to: &batch) }
}
