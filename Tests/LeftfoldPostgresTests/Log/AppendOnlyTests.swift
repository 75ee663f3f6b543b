import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import Testing

/// The database itself refuses to change the past, whoever asks.
@Suite struct AppendOnlyTests {
    @Test(
        "Changing the log or the journal is refused",
        arguments: [
            "UPDATE leftfold.events SET data = '{}'", "DELETE FROM leftfold.events", "TRUNCATE leftfold.events",
            "UPDATE leftfold.commands_without_events SET outcome = 'failed'", "DELETE FROM leftfold.commands_without_events",
            "TRUNCATE leftfold.commands_without_events",
        ], [false, true])
    func refused(_ statement: String, asReplica: Bool) async throws {
        try await TestDatabase.with { database in
            try await database.note(1)
            let connection = try await Connection.connect(database.configuration, logger: TestDatabase.quiet)
            if asReplica { try await connection.execute("SET session_replication_role = replica") }
            let error = await #expect(throws: PostgresError.self) { try await connection.execute(SQL(unsafe: statement)) }
            #expect(error?.sqlState == SQLState("LF001"))
            await connection.close()
            #expect(try await database.store.head() == 1)
        }
    }

    @Test("An insert that would leave a hole is refused", arguments: [(7, 2), (2, 7)])
    func holes(position: Int, version: Int) async throws {
        try await TestDatabase.with { database in
            try await database.note(1, to: try Note.stream("a"))
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.execute(
                    """
                    INSERT INTO leftfold.events (position, version, recorded_at, command_id, stream, type, data, principal, correlation_id)
                    VALUES (\(position), \(version), now(), gen_random_uuid(), 'note-a', 'Noted', '{}', 'me', 'c')
                    """)
            }
            #expect(error?.sqlState == SQLState("LF003"))
        }
    }

    @Test("A checkpoint never goes back")
    func checkpoints() async throws {
        try await TestDatabase.with { database in
            _ = try await database.store.takeOver("a")
            try await database.pool.execute("UPDATE leftfold.followers SET position = 5")
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.execute("UPDATE leftfold.followers SET position = 4")
            }
            #expect(error?.sqlState == SQLState("LF005"))
        }
    }
}
