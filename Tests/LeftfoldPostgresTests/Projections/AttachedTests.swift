import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

/// What others attach to the views is theirs, and stays.
@Suite("What is attached to a read view", .timeLimit(.minutes(10)))
struct AttachedTests {
    private static let attach = """
        ALTER VIEW ledger SET (security_barrier = true);
        GRANT SELECT ON ledger TO PUBLIC;
        GRANT UPDATE (text) ON ledger TO PUBLIC;
        COMMENT ON VIEW ledger IS 'it''s ours';
        COMMENT ON COLUMN ledger.text IS 'what was noted';
        ALTER VIEW ledger ALTER COLUMN text SET DEFAULT 'nothing';
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER refused INSTEAD OF DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION refuse();
        CREATE RULE nothing AS ON INSERT TO ledger DO INSTEAD NOTHING;
        """

    /// All of it, as text.
    private func attached(_ database: LeftfoldDatabase) async throws -> [String] {
        try await database.pool.execute(
            """
            SELECT unnest(c.reloptions) FROM pg_class AS c WHERE c.oid = 'public.ledger'::regclass
            UNION ALL SELECT pg_get_userbyid(c.relowner) FROM pg_class AS c WHERE c.oid = 'public.ledger'::regclass
            UNION ALL SELECT a::text FROM pg_class AS c, unnest(c.relacl) AS a WHERE c.oid = 'public.ledger'::regclass
            UNION ALL SELECT t.attname || a::text FROM pg_attribute AS t, unnest(t.attacl) AS a WHERE t.attrelid = 'public.ledger'::regclass
            UNION ALL SELECT coalesce(t.attname, '') || d.description FROM pg_description AS d
                LEFT JOIN pg_attribute AS t ON t.attrelid = d.objoid AND t.attnum = d.objsubid WHERE d.objoid = 'public.ledger'::regclass
            UNION ALL SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef AS d WHERE d.adrelid = 'public.ledger'::regclass
            UNION ALL SELECT pg_get_triggerdef(t.oid) FROM pg_trigger AS t WHERE t.tgrelid = 'public.ledger'::regclass
            UNION ALL SELECT pg_get_ruledef(w.oid) FROM pg_rewrite AS w WHERE w.ev_class = 'public.ledger'::regclass AND w.rulename <> '_RETURN'
            ORDER BY 1
            """
        ).map { try $0.decode(String.self) }
    }

    @Test(
        "survives every rebuild, of the same columns and of others",
        arguments: [nil, "CREATE TABLE ledger (data json NOT NULL, text varchar NOT NULL, position bigint PRIMARY KEY);"])
    func survives(script: String?) async throws {
        try await TestDatabase.with { database in
            try await database.note(2)
            _ = try await Rebuild(Ledger(), in: database).run()
            let connection = try await Connection.connect(database.configuration, logger: TestDatabase.quiet)
            try await connection.execute(script: Self.attach)
            await connection.close()
            let before = try await attached(database)
            #expect(before.count > 8)
            var ledger = Ledger()
            if let script { ledger.script = script }
            for _ in 1...2 {
                _ = try await Rebuild(ledger, in: database).run()
                #expect(try await attached(database) == before)
                #expect(try await database.ledger() == [1, 2])
            }
        }
    }

    /// What is found at the live table, in words.
    private func belongings(_ database: LeftfoldDatabase, _ generation: Int) async throws -> Set<String> {
        Set(
            try await database.pool.execute("SELECT object FROM leftfold.belongings(\("leftfold_ledger_\(generation)"), 'nowhere')")
                .map { try $0.decode(String.self) })
    }

    @Test("On the tables, too, what means the same there goes over")
    func goesOver() async throws {
        try await TestDatabase.with { database in
            try await database.note(2)
            _ = try await Rebuild(Ledger(), in: database).run()
            let before = try await belongings(database, 2)
            let connection = try await Connection.connect(database.configuration, logger: TestDatabase.quiet)
            try await connection.execute(
                script: """
                    GRANT SELECT ON leftfold_ledger_2.ledger TO PUBLIC;
                    GRANT UPDATE (text) ON leftfold_ledger_2.ledger TO PUBLIC;
                    COMMENT ON TABLE leftfold_ledger_2.ledger IS 'it''s ours';
                    COMMENT ON COLUMN leftfold_ledger_2.ledger.text IS 'what was noted';
                    CREATE INDEX by_text ON leftfold_ledger_2.ledger (lower(text)) WHERE position > 0;
                    CREATE STATISTICS leftfold_ledger_2.both ON position, text FROM leftfold_ledger_2.ledger;
                    CREATE FUNCTION public.pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
                    CREATE TRIGGER passes BEFORE INSERT ON leftfold_ledger_2.ledger FOR EACH ROW EXECUTE FUNCTION public.pass();
                    ALTER TABLE leftfold_ledger_2.ledger DISABLE TRIGGER passes;
                    CREATE POLICY all_of_it ON leftfold_ledger_2.ledger FOR SELECT USING (position > 0);
                    """)
            let attached = try await belongings(database, 2).subtracting(before)
            #expect(attached.count >= 8, "\(attached)")
            for number in 3...4 {
                _ = try await Rebuild(Ledger(), in: database).run()
                let missing = attached.subtracting(try await belongings(database, number))
                #expect(missing.isEmpty, "\(missing)")
            }
            #expect(try await database.ledger() == [1, 2])
            // With nothing of somebody's left on them, old generations go as ever.
            #expect(try await database.projectionStatuses(retired: true).map(\.generation) == [3, 4])
            await connection.close()
        }
    }

    @Test("What cannot go over keeps its generation, is named, and goes only with --cascade")
    func staysBehind() async throws {
        try await TestDatabase.with { database in
            try await database.note(2)
            _ = try await Rebuild(Ledger(), in: database).run()
            let connection = try await Connection.connect(database.configuration, logger: TestDatabase.quiet)
            try await connection.execute(
                script: """
                    CREATE VIEW public.report AS SELECT position FROM leftfold_ledger_2.ledger;
                    CREATE TABLE public.marks (position bigint REFERENCES leftfold_ledger_2.ledger);
                    CREATE PUBLICATION outside FOR TABLE leftfold_ledger_2.ledger;
                    """)
            for _ in 1...3 { _ = try await Rebuild(Ledger(), in: database).run() }
            #expect(try await database.projectionStatuses(retired: true).map(\.generation) == [2, 4, 5])
            let old = try #require(try await database.attachedToOldGenerations().first)
            #expect(old.generation == 2)
            for thing in ["view public.report", "marks", "publication"] {
                #expect(old.attached.contains { $0.contains(thing) }, "\(thing) of \(old)")
            }
            let refused = await #expect(throws: OperationRefused.self) {
                try await database.drop(generation: 2, of: Ledger.name, by: "ada", because: "space")
            }
            #expect(refused?.code == "projection_in_use" && refused?.message.contains("report") == true)
            await #expect(throws: OperationRefused.self) { try await database.remove(Ledger.name, by: "ada", because: "gone") }
            #expect(try await database.ledger() == [1, 2])
            #expect(try await connection.execute("SELECT position FROM public.report").count == 2)
            #expect(try await database.drop(generation: 2, of: Ledger.name, by: "ada", because: "space", cascade: true) == 2)
            let left = try await connection.execute("SELECT to_regclass('public.report') IS NULL").first?.decode(Bool.self)
            #expect(left == true)
            await connection.close()
        }
    }
}
