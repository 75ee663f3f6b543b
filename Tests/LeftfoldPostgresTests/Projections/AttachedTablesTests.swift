import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

/// What others attach to the read tables is theirs: it goes along, or the table stays.
@Suite("What is attached to a read table", .timeLimit(.minutes(10)))
struct AttachedTablesTests {
    private func run(_ script: String, in database: LeftfoldDatabase) async throws {
        let connection = try await Connection.connect(database.configuration, logger: TestDatabase.quiet)
        try await connection.execute(script: script)
        await connection.close()
    }

    private func schemas(_ database: LeftfoldDatabase) async throws -> [String] {
        try await database.pool.execute("SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'leftfold_ledger%' ORDER BY 1").map {
            try $0.decode(String.self)
        }
    }

    /// The objects at the tables of a generation that are not made by the code.
    private func others(_ number: Int, in database: LeftfoldDatabase) async throws -> [String] {
        try await database.pool.execute(
            """
            SELECT b.object FROM leftfold.generations AS g, leftfold.belongings('leftfold_ledger_' || g.number, 'x') AS b
            WHERE g.number = \(Int64(number)) AND b.object <> ALL (g.made) ORDER BY 1
            """
        ).map { try $0.decode(String.self) }
    }

    private static let movable = """
        CREATE FUNCTION count_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES (NEW.position); RETURN NULL; END $$;
        CREATE TABLE seen (position bigint);
        GRANT USAGE ON SCHEMA leftfold_ledger_1 TO PUBLIC;
        GRANT SELECT ON leftfold_ledger_1.ledger TO PUBLIC;
        GRANT UPDATE (text) ON leftfold_ledger_1.ledger TO PUBLIC;
        CREATE INDEX "by text" ON leftfold_ledger_1.ledger (text, lower(text)) WHERE position > 0;
        CREATE STATISTICS public."ours too" (ndistinct) ON position, text FROM leftfold_ledger_1.ledger;
        CREATE POLICY mine ON leftfold_ledger_1.ledger AS RESTRICTIVE FOR UPDATE TO PUBLIC USING (position > 0) WITH CHECK (text <> '');
        ALTER TABLE leftfold_ledger_1.ledger ENABLE ROW LEVEL SECURITY;
        COMMENT ON COLUMN leftfold_ledger_1.ledger.text IS 'what was noted';
        CREATE TRIGGER seen AFTER INSERT ON leftfold_ledger_1.ledger FOR EACH ROW EXECUTE FUNCTION count_up();
        """

    @Test("goes along where that is certain: rights, row security, statistics, comments, indexes and triggers, which fire at one place")
    func goesAlong() async throws {
        try await TestDatabase.with { database in
            try await database.note(2)
            try await database.projecting(Ledger()) {
                try await eventually("2") { try await database.ledger() == [1, 2] }
            }
            try await run(Self.movable, in: database)
            let before = try await others(1, in: database)
            #expect(before.count == 9, "\(before)")
            for number in 2...4 {
                _ = try await Rebuild(Ledger(), in: database, keeping: number == 2 ? .untilDropped : .nothing).run()
                #expect(try await others(number, in: database) == before)
                #expect(try await database.attachedToOldGenerations() == [])
            }
            try await database.note(1)
            try await database.projecting(Ledger()) {
                try await eventually("3") { try await database.status(Ledger.name)?.position == 3 }
                try await eventually("the kept one, too") {
                    try await database.projectionStatuses().first { $0.generation == 1 }?.position == 3
                }
            }
            // Not while a rebuild fills, and once.
            let seen = try await database.pool.execute("SELECT position FROM seen").map { try $0.decode(Int64.self) }
            #expect(seen == [3])
            #expect(try await schemas(database) == ["leftfold_ledger_1", "leftfold_ledger_3", "leftfold_ledger_4"])
            // And back.
            #expect(try await Rollback(Ledger(), in: database).run(by: "ada", because: "tests").number == 1)
            #expect(try await others(1, in: database) == before)
        }
    }

    @Test(
        "and cannot go along keeps the old generation, is told, and is dropped with it only where somebody says so",
        arguments: [
            ("CREATE VIEW report AS SELECT text FROM leftfold_ledger_1.ledger", "view public.report"),
            ("CREATE MATERIALIZED VIEW sums AS SELECT count(*) FROM leftfold_ledger_1.ledger", "materialized view public.sums"),
            (
                "CREATE TABLE notes (ledger bigint REFERENCES leftfold_ledger_1.ledger)",
                "constraint notes_ledger_fkey on table public.notes"
            ),
            (
                "CREATE FUNCTION latest() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT max(position) FROM leftfold_ledger_1.ledger; END",
                "function public.latest()"
            ),
            ("CREATE TABLE rows (row leftfold_ledger_1.ledger)", "table public.rows"),
            (
                "CREATE PUBLICATION changes FOR TABLE leftfold_ledger_1.ledger",
                "publication of table leftfold_ledger_1.ledger in publication changes"
            ),
            ("CREATE UNIQUE INDEX once ON leftfold_ledger_1.ledger (text, position)", "index once on ledger"),
            ("ALTER TABLE leftfold_ledger_1.ledger ADD CHECK (text <> '')", "constraint ledger_text_check on ledger"),
        ])
    func stays(script: String, object: String) async throws {
        try await TestDatabase.with { database in
            try await database.note(2)
            try await database.createReadTables([Ledger()])
            try await run(script, in: database)
            for _ in 1...3 { _ = try await Rebuild(Ledger(), in: database).run() }
            #expect(try await schemas(database) == ["leftfold_ledger_1", "leftfold_ledger_3", "leftfold_ledger_4"])
            let old = try await database.attachedToOldGenerations(of: Ledger.name)
            #expect(old.map(\.generation) == [1])
            #expect(old.first?.attached == [object])
            let refused = await #expect(throws: OperationRefused.self) {
                try await database.drop(generation: 1, of: Ledger.name, by: "ada", because: "tests")
            }
            #expect(refused?.code == "projection_in_use")
            #expect(refused?.message.contains(object) == true)
            #expect(try await schemas(database).count == 3)
            if !object.hasSuffix("on ledger") {
                let inUse = await #expect(throws: OperationRefused.self) {
                    try await database.remove(Ledger.name, by: "ada", because: "tests")
                }
                #expect(inUse?.message.contains(object) == true)
            }
            #expect(try await database.operations(of: Ledger.name).isEmpty)
            try await database.drop(generation: 1, of: Ledger.name, by: "ada", because: "tests", cascade: true)
            #expect(try await schemas(database) == ["leftfold_ledger_3", "leftfold_ledger_4"])
            try await database.remove(Ledger.name, by: "ada", because: "tests")
            #expect(try await schemas(database).isEmpty)
        }
    }

    @Test("and does not fit other columns stays where it is")
    func doesNotFit() async throws {
        try await TestDatabase.with { database in
            try await database.createReadTables([Ledger()])
            try await run("CREATE INDEX mine ON leftfold_ledger_1.ledger (length(text))", in: database)
            var changed = Ledger(version: 2)
            changed.script = "CREATE TABLE ledger (position bigint PRIMARY KEY, text int, data json NOT NULL);"
            for _ in 1...2 { _ = try await Rebuild(changed, in: database).run() }
            #expect(try await database.attachedToOldGenerations().map(\.attached) == [["index mine on ledger"]])
            #expect(try await schemas(database) == ["leftfold_ledger_1", "leftfold_ledger_2", "leftfold_ledger_3"])
        }
    }

    @Test("goes when the projection is removed with it")
    func removed() async throws {
        try await TestDatabase.with { database in
            try await database.createReadTables([Ledger()])
            try await run(
                "CREATE VIEW report AS SELECT * FROM ledger; CREATE VIEW direct AS SELECT * FROM leftfold_ledger_1.ledger", in: database)
            await #expect(throws: OperationRefused.self) { try await database.remove(Ledger.name, by: "ada", because: "tests") }
            try await database.remove(Ledger.name, by: "ada", because: "tests", cascade: true)
            #expect(try await schemas(database).isEmpty)
            #expect(try await database.pool.execute("SELECT 1 FROM pg_class WHERE relname IN ('report', 'direct')").isEmpty)
        }
    }
}
