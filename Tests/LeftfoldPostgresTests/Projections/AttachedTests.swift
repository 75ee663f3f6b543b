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
}
