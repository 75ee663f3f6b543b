import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import Testing

/// Who may do what to a log, in the database.
@Suite struct RightsTests {
    @Test("EXECUTE alone is what a writer needs; it can touch nothing else, nor take the lock")
    func writer() async throws {
        try await TestDatabase.with { database in
            try await withWriter(database) { writer, role in
                let granted = try await writer.execute("SELECT (leftfold.write('note-1', 'Noted', '{}')).position").first?.decode(
                    Int64.self)
                #expect(granted == 1)
                for statement in [
                    "SELECT * FROM leftfold.events", "INSERT INTO leftfold.claims VALUES ('a', 'b', 'c-d')",
                    "UPDATE leftfold.events SET data = '{}'", "DELETE FROM leftfold.commands_without_events",
                    "DO $$ BEGIN LOCK TABLE leftfold.append_lock IN SHARE UPDATE EXCLUSIVE MODE; END $$",
                    "DO $$ BEGIN LOCK TABLE leftfold.append_lock IN ACCESS SHARE MODE; END $$",
                    "UPDATE leftfold.followers SET position = 1", "SELECT leftfold.advance('f', 0, 1, 1, '5 s')",
                    "CREATE TABLE leftfold.x ()",
                ] {
                    let error = await #expect(throws: PostgresError.self, "\(statement)") {
                        try await writer.execute(SQL(unsafe: statement))
                    }
                    #expect(error?.sqlState == .insufficientPrivilege, "\(statement)")
                }
                _ = role
            }
        }
    }

    @Test("An operator of a stranger's schema is never called")
    func strangersOperator() async throws {
        try await TestDatabase.with { database in
            let connection = try await Connection.connect(database.configuration, logger: TestDatabase.quiet)
            try await connection.execute(
                script: """
                    CREATE SCHEMA stranger;
                    CREATE TABLE stranger.called ();
                    CREATE FUNCTION stranger.never(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS
                        $$ BEGIN RAISE EXCEPTION 'the stranger was called'; END $$;
                    CREATE FUNCTION stranger.never(bigint, integer) RETURNS boolean LANGUAGE plpgsql AS
                        $$ BEGIN RAISE EXCEPTION 'the stranger was called'; END $$;
                    CREATE OPERATOR stranger.> (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = stranger.never);
                    CREATE OPERATOR stranger.> (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = stranger.never);
                    CREATE OPERATOR stranger.= (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = stranger.never);
                    CREATE OPERATOR stranger.<> (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = stranger.never);
                    SET search_path = stranger, pg_catalog;
                    """)
            let head = try await connection.execute("SELECT (leftfold.write('note-1', 'Noted', '{}', expected => 0::bigint)).position")
            #expect(try head.first?.decode(Int64.self) == 1 as Int64?)
            let error = await #expect(throws: PostgresError.self) {
                try await connection.execute(
                    """
                    INSERT INTO leftfold.events (position, version, recorded_at, command_id, stream, type, data, principal, correlation_id)
                    VALUES (7, 2, now(), gen_random_uuid(), 'note-1', 'Noted', '{}', 'me', 'c')
                    """)
            }
            #expect(error?.sqlState?.rawValue == "LF003")
            await connection.close()
        }
    }

    @Test("An append in somebody's transaction block does not hold up the others for long")
    func transactionBlock() async throws {
        try await TestDatabase.with { database in
            let sleeper = try await TestDatabase.connectToHold(database.configuration)
            try await sleeper.execute("BEGIN")
            try await sleeper.execute("SELECT leftfold.write('note-1', 'Noted', '{}')")
            let start = ContinuousClock.now
            _ = try await database.store.append(Note.append(to: try Note.stream(), expected: .noStream))
            #expect(ContinuousClock.now - start < .seconds(4))
            #expect(try await database.store.head() == 1, "what was not committed is gone")
            await sleeper.close()
        }
    }

    /// A connection as a role that has the rights of a writer and no others.
    private func withWriter(_ database: LeftfoldDatabase, _ body: (Connection, String) async throws -> Void) async throws {
        let role = "writer_\(UInt32.random(in: 0 ... .max))"
        let owner = try await Connection.connect(database.configuration, logger: TestDatabase.quiet)
        try await owner.execute(
            script: """
                CREATE ROLE \(role);
                GRANT USAGE ON SCHEMA leftfold TO \(role);
                GRANT EXECUTE ON FUNCTION leftfold.write, leftfold.append_one, leftfold.append, leftfold.record TO \(role);
                """)
        let writer = try await Connection.connect(database.configuration, logger: TestDatabase.quiet)
        try await writer.execute("SET SESSION AUTHORIZATION \(identifier: role)")
        let result: Result<Void, any Error>
        do { result = .success(try await body(writer, role)) } catch { result = .failure(error) }
        await writer.close()
        try await owner.execute(script: "DROP OWNED BY \(role); DROP ROLE \(role);")
        await owner.close()
        try result.get()
    }
}
