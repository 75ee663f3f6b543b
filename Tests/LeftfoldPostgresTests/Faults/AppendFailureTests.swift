import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

/// What is not the command's fault never burns its id.
@Suite("An append that fails through no fault of the command", .timeLimit(.minutes(10)))
struct AppendFailureTests {
    @Test("is sent again when an operator cancels it")
    func cancelled() async throws {
        try await TestDatabase.withEmpty { configuration in
            _ = try await Migrator(configuration).migrate()
            let database = LeftfoldDatabase(configuration, logger: TestDatabase.quiet)
            let other = try await TestDatabase.connectToHold(configuration)
            try await other.execute(script: "BEGIN; LOCK TABLE leftfold.append_lock IN SHARE UPDATE EXCLUSIVE MODE")
            async let answer = database.store.append(Note.append(to: try Note.stream()))
            let waits: SQL =
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            try await eventually("it waits, and is cancelled") { try await database.pool.execute(waits).count > 0 }
            try await other.execute(script: "COMMIT")
            guard case .appended = try await answer else {
                Issue.record("it is stored")
                return
            }
            await other.close()
            await database.close()
        }
    }

    @Test(
        "is unavailable, and good for the same id later",
        arguments: [
            ("ALTER FUNCTION leftfold.append_one RENAME TO gone", "ALTER FUNCTION leftfold.gone RENAME TO append_one"),
            ("ALTER TABLE leftfold.events RENAME TO gone", "ALTER TABLE leftfold.gone RENAME TO events"),
            ("ALTER SCHEMA leftfold RENAME TO gone", "ALTER SCHEMA gone RENAME TO leftfold"),
            (
                "CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE insufficient_privilege; END $$;"
                    + "CREATE TRIGGER aaa BEFORE INSERT ON leftfold.events FOR EACH ROW EXECUTE FUNCTION public.no()",
                "DROP TRIGGER aaa ON leftfold.events"
            ),
            (
                "CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = '58030'; END $$;"
                    + "CREATE TRIGGER aaa BEFORE INSERT ON leftfold.events FOR EACH ROW EXECUTE FUNCTION public.no()",
                "DROP TRIGGER aaa ON leftfold.events"
            ),
        ])
    func unavailable(breaking: String, mending: String) async throws {
        try await TestDatabase.withEmpty { configuration in
            _ = try await Migrator(configuration).migrate()
            var limits = AppendLimits()
            limits.budget = .milliseconds(100)
            let database = LeftfoldDatabase(configuration, limits: limits, logger: TestDatabase.quiet)
            let other = try await Connection.connect(configuration, logger: TestDatabase.quiet)
            try await other.execute(script: breaking)
            let append = Note.append(to: try Note.stream(), expected: .exactly(0))
            await #expect(throws: Unavailable.self) { _ = try await database.store.append(append) }
            try await other.execute(script: mending)
            guard case .appended = try await database.store.append(append) else {
                Issue.record("it is stored")
                return
            }
            await other.close()
            await database.close()
        }
    }

    @Test("doctor names who holds the append lock, also where it may not see what others do")
    func blocker() async throws {
        try await TestDatabase.withEmpty { configuration in
            _ = try await Migrator(configuration).migrate()
            let database = LeftfoldDatabase(configuration, logger: TestDatabase.quiet)
            var blocking = configuration
            blocking.applicationName = "somebody's session"
            let other = try await TestDatabase.connectToHold(blocking)
            try await other.execute(script: "BEGIN; LOCK TABLE leftfold.append_lock IN ACCESS EXCLUSIVE MODE")
            async let answer = database.store.append(Note.append(to: try Note.stream()))
            let health = Health(database, projections: [])
            let process = await other.backendProcessID
            try await eventually("doctor says who it is") {
                let finding = await health.serverSettings().first { $0.check == "append lock" }
                return finding.map { !$0.healthy && $0.detail.contains("\(process)") && $0.detail.contains("somebody's session") } ?? false
            }
            try await other.execute(script: "COMMIT")
            _ = try await answer
            #expect(await health.serverSettings().first { $0.check == "append lock" }?.healthy == true)
            await other.close()
            await database.close()
        }
    }
}
