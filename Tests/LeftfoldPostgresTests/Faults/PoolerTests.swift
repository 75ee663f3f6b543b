import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

/// Nothing may be left in a session, and nothing be expected of one: the next transaction may have another. The database's own settings are
/// hostile, so that whatever is not said in the transaction shows.
@Suite("Behind PgBouncer in transaction mode", .enabled(if: PgBouncer.isInstalled, "PgBouncer is not installed"), .timeLimit(.minutes(10)))
struct PoolerTests {
    @Test("everything works, with a direct connection to listen on or with polling alone", arguments: [true, false])
    func everything(listens: Bool) async throws {
        try await TestDatabase.withEmpty { direct in
            try await HostileSettingsTests.set(HostileSettingsTests.settings[listens ? 0 : 1], direct)
            try await PgBouncer.with(to: direct) { pooled in
                try await HostileSettingsTests.everything(pooled, listening: listens ? direct : nil)
                let connection = try await Connection.connect(direct, logger: TestDatabase.quiet)
                let locks = try await connection.execute(
                    """
                    SELECT WHERE EXISTS (
                        SELECT FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
                        WHERE l.locktype = 'advisory' AND d.datname = current_database())
                    """)
                #expect(locks.isEmpty)
                await connection.close()
            }
        }
    }

    @Test("a statement, a batch and a transaction have their settings; an error leaves the connection as it was")
    func settings() async throws {
        try await TestDatabase.withEmpty { direct in
            try await HostileSettingsTests.set(HostileSettingsTests.settings[0], direct)
            try await PgBouncer.with(to: direct) { pooled in
                var configuration = pooled
                configuration.lockTimeout = .seconds(7)
                let connection = try await Connection.connect(configuration, logger: TestDatabase.quiet)
                let look: SQL = """
                    SELECT current_setting('transaction_isolation') || ' ' || current_setting('lock_timeout') || ' ' || current_setting('TimeZone')
                    """
                let wanted = "read committed 7s UTC"
                #expect(try await connection.execute(look).first?.decode(String.self) == wanted)
                let two = try await connection.pipeline([look, look]).map { rows in try rows.first?.decode(String.self) }
                #expect(two == [wanted, wanted])
                let inside = try await connection.transaction { try await $0.execute(look).first?.decode(String.self) }
                #expect(inside == wanted)
                let alone = await #expect(throws: PostgresError.self) { try await connection.execute("SELECT 1 / 0") }
                #expect(alone?.statementIndex == nil && alone?.sqlState?.rawValue == "22012")
                let batch = await #expect(throws: PostgresError.self) { try await connection.pipeline(["SELECT 1", "SELECT 1 / 0"]) }
                #expect(batch?.statementIndex == 1)
                let (isUsable, isInTransaction) = (await connection.isUsable, await connection.isInTransaction)
                #expect(isUsable && !isInTransaction)
                try await connection.execute(script: "CREATE TABLE public.made (id int); INSERT INTO public.made VALUES (1)")
                #expect(try await connection.execute("SELECT id FROM public.made").count == 1)
                await connection.close()
            }
        }
    }
}
