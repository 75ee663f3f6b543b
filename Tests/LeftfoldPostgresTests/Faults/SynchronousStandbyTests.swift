import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

/// With a synchronous standby, what is told to be stored is with the standby, too. Here there is none, so nothing may be told.
@Suite("A synchronous standby that is away", .timeLimit(.minutes(10)))
struct SynchronousStandbyTests {
    private enum Fault: CaseIterable { case ended, cancelled }

    /// A database on a server of its own, whose commits wait from now on until `body` lets them go.
    private func waiting(
        settings: [String: String] = [:],
        _ body: @escaping (_ database: LeftfoldDatabase, _ operator: Connection) async throws -> Void
    ) async throws {
        let server = TestServer(settings: settings)
        do {
            try await TestDatabase.withEmpty(on: server) { configuration in
                _ = try await Migrator(configuration).migrate()
                // It waits for nothing itself.
                var local = configuration
                local.settings["synchronous_commit"] = "local"
                let `operator` = try await Connection.connect(local, logger: TestDatabase.quiet)
                var limits = AppendLimits()
                (limits.budget, limits.attemptTimeout) = (.seconds(2), .seconds(2))
                let database = LeftfoldDatabase(configuration, limits: limits, logger: TestDatabase.quiet)
                try await standbys("nobody", `operator`)
                let result: Result<Void, any Error>
                do { result = .success(try await body(database, `operator`)) } catch { result = .failure(error) }
                try await standbys("", `operator`)
                await database.close()
                await `operator`.close()
                try result.get()
            }
        } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
    }

    private func standbys(_ names: String, _ connection: Connection) async throws {
        try await connection.execute(script: "ALTER SYSTEM SET synchronous_standby_names = '\(names)'")
        try await connection.execute(script: "SELECT pg_reload_conf()")
        try await eventually("the server knows") {
            try await connection.execute("SHOW synchronous_standby_names").first?.decode(String.self) == names
        }
    }

    /// Ends the wait of whoever waits for a standby.
    private func hurt(_ function: String, _ connection: Connection) async throws {
        let waits: SQL = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        try await eventually("somebody waits for the standby") { try await !connection.execute(waits).isEmpty }
        try await connection.execute(
            script: "SELECT \(function)(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
    }

    @Test(
        "Cut off or cancelled while it waits, an append is not known to be stored; nor is its repeat, until it is",
        arguments: ["pg_terminate_backend", "pg_cancel_backend"])
    func repeated(function: String) async throws {
        try await waiting { database, `operator` in
            let append = Note.append(to: try Note.stream(), expected: .exactly(0))
            let first = Task { try await database.store.append(append) }
            try await hurt(function, `operator`)
            await #expect(throws: OutcomeUnknown.self) { _ = try await first.value }
            let stored = try await `operator`.execute("SELECT count(*) FROM leftfold.events").first?.decode(Int64.self)
            #expect(stored == 1, "here it is, but not there")
            // The first may still wait, and keep others from the lock.
            let repeated = await #expect(throws: (any Error).self, "the repeat waits as long as the first") {
                _ = try await database.store.append(append)
            }
            #expect(repeated is OutcomeUnknown || repeated is Unavailable)
            try await standbys("", `operator`)
            guard case .acceptedBefore = try await database.store.append(append) else {
                Issue.record("it is known")
                return
            }
        }
    }

    @Test("A repeated refusal waits, too")
    func refused() async throws {
        try await waiting { database, `operator` in
            let refused = RefusedCommand(Note.command("x"), for: [try Note.stream()], .rejected, code: "no")
            let first = Task { try await database.store.record(refused) }
            try await hurt("pg_terminate_backend", `operator`)
            await #expect(throws: OutcomeUnknown.self) { _ = try await first.value }
            let repeated = await #expect(throws: (any Error).self) { _ = try await database.store.record(refused) }
            #expect(repeated is OutcomeUnknown || repeated is Unavailable)
            try await standbys("", `operator`)
            _ = try await database.store.record(refused)
        }
    }
}
