import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldSchema
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

@Suite struct GroupCommitTests {
    @Test("One bad item fails alone; those that share its transaction are stored")
    func badItem() async throws {
        try await TestDatabase.with { (database) async throws in
            let results = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        guard let stream = try? Note.stream() else { return false }
                        var write = StreamWrite(stream, expected: .any, events: [NewEvent(type: "Noted", data: Array("{}".utf8))])
                        if number == 20 { write.events[0].data = Array("not json".utf8) }
                        return (try? await database.store.append(Append(Note.command("\(number)"), write))) != nil
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.filter { $0 }.count == 39)
            #expect(try await database.store.head() == 39)
        }
    }

    @Test("Items of one batch that share a stream, a claim or an id are decided one after the other")
    func related() async throws {
        try await TestDatabase.with { database in
            let stream = try Note.stream()
            let same = Note.append(to: try Note.stream())
            let claim = ClaimChanges(released: [], taken: [Claim("seat", "1")])
            let results = try await withThrowingTaskGroup(of: AppendAnswer.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await database.store.append(Note.append(to: stream)) }
                    group.addTask { try await database.store.append(same) }
                    group.addTask { try await database.store.append(Note.append(to: try Note.stream(), claims: claim)) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(try await database.store.read(stream).map(\.version.rawValue) == Array(1...20))
            #expect(results.filter { if case .acceptedBefore = $0 { true } else { false } }.count == 19)
            #expect(results.filter { $0 == .claimTaken(Claim("seat", "1")) }.count == 19)
            #expect(try await database.store.head() == 22)
        }
    }

    /// A session plans the function while the tables are empty, and keeps the plan.
    @Test("However the tables grow, an append never reads one of them from end to end", arguments: [1, 2])
    func plans(together: Int) async throws {
        try await TestDatabase.with { database in
            let session = try await Connection.connect(database.configuration)
            for number in 0..<300 {
                let chains = try (0..<together).map { part in
                    let seat = ClaimChanges(
                        released: number > 0 ? [Claim("seat \(part)", "\(number - 1)")] : [], taken: [Claim("seat \(part)", "\(number)")])
                    return [Note.append(to: try Note.stream("\(part)"), claims: seat)]
                }
                let sql = try AppendCall.sql(for: chains, in: database.log)
                let answers = try AppendCall.answers(try await session.execute(sql), to: chains)
                #expect(answers.joined().allSatisfy { if case .appended = $0 { true } else { false } })
            }
            await session.close()
            let tables = """
                SELECT coalesce(sum(idx_scan), 0)::bigint, coalesce(sum(seq_scan), 0)::bigint FROM pg_stat_user_tables
                WHERE schemaname = 'leftfold' AND relname IN ('events', 'commands_without_events', 'claims')
                """
            var scans = (byIndex: Int64(0), whole: Int64(0))
            try await eventually("the statistics have come in") {
                scans = try await database.pool.execute(SQL(unsafe: tables)).first?.decode(Int64.self, Int64.self) ?? (0, 0)
                return scans.byIndex >= 1500
            }
            let indexes = try await database.pool.execute(
                """
                SELECT count(*) FROM pg_indexes
                WHERE schemaname = 'leftfold' AND tablename IN ('events', 'commands_without_events', 'claims')
                """
            ).first?.decode(Int64.self)
            #expect(scans.whole == indexes, "making an index counts as one")
        }
    }

    @Test("A full queue refuses at once instead of growing")
    func full() async throws {
        var limits = AppendLimits()
        limits.queueCount = 5
        try await TestDatabase.with(limits: limits) { database in
            let blocker = try await TestDatabase.connectToHold(database.configuration)
            try await blocker.execute("BEGIN")
            try await blocker.execute("LOCK TABLE leftfold.append_lock IN SHARE UPDATE EXCLUSIVE MODE")
            let outcomes = await withTaskGroup(of: String.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        do {
                            _ = try await database.store.append(Note.append(to: try Note.stream()))
                            return "stored"
                        } catch is Unavailable {
                            return "refused"
                        } catch {
                            return "\(error)"
                        }
                    }
                }
                var outcomes: [String] = []
                for await outcome in group {
                    outcomes.append(outcome)
                    if outcomes.count == 4 { _ = try? await blocker.execute("ROLLBACK") }
                }
                return outcomes
            }
            #expect(outcomes.sorted() == Array(repeating: "refused", count: 4) + Array(repeating: "stored", count: 6))
            await blocker.close()
        }
    }

    /// Backends die under appends at random moments; every command is answered all the same, and each is stored once.
    @Test("Connections killed under appends lose nothing and repeat nothing", arguments: SeededGenerator.seeds(1))
    func killed(seed: UInt64) async throws {
        try await TestDatabase.with { database in
            let ids = (0..<400).map { _ in UUID() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for part in 0..<8 {
                    group.addTask {
                        for id in ids[(part * 50)..<(part * 50 + 50)] {
                            let result = try await database.store.append(Note.append(to: try Note.stream(), id: id))
                            switch result {
                            case .appended, .acceptedBefore: break
                            default: Issue.record("\(result)")
                            }
                        }
                    }
                }
                group.addTask {
                    var random = SeededGenerator(seed: seed)
                    for _ in 0..<15 {
                        try await Task.sleep(for: .milliseconds(Int.random(in: 1...20, using: &random)))
                        try await database.pool.execute(
                            """
                            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                            WHERE datname = current_database() AND application_name LIKE '%append'
                            """)
                    }
                }
                try await group.waitForAll()
            }
            let log = try await database.store.read(after: .zero, limit: 1000)
            #expect(log.count == 400)
            #expect(Set(log.map(\.commandID)) == Set(ids))
        }
    }

    /// The first attempt is lost on its way, the second one meets something that no repeating mends.
    @Test("After an attempt whose outcome is unknown, no later error says that nothing was stored")
    func unknownStaysUnknown() async throws {
        var limits = AppendLimits()
        (limits.lockTimeout, limits.attemptTimeout, limits.budget) = (.seconds(90), .seconds(100), .seconds(120))
        try await TestDatabase.with(limits: limits) { database in
            // The first epoch wants the lock, too.
            _ = await database.store.history.current()
            let blocker = try await TestDatabase.connectToHold(database.configuration)
            try await blocker.execute("BEGIN")
            try await blocker.execute("LOCK TABLE leftfold.append_lock IN SHARE UPDATE EXCLUSIVE MODE")
            let request = Note.append(to: try Note.stream(), expected: .exactly(0))
            let append = Task { try await database.store.append(request) }
            let waiting: SQL = """
                SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%append'
                    AND cardinality(pg_blocking_pids(pid)) > 0
                """
            try await eventually("the append waits for the lock") { try await database.pool.execute(waiting).count == 1 }
            try await database.pool.execute("DO $$ BEGIN EXECUTE 'ALTER ROUTINE leftfold.append_one RENAME TO gone'; END $$")
            try await database.pool.execute("SELECT pg_terminate_backend(pid) FROM (\(fragment: waiting)) AS w")
            await #expect(throws: OutcomeUnknown(request.command.context.commandID)) { try await append.value }
            await blocker.close()
        }
    }

    @Test("A database that is not migrated is said to be unavailable, not to have failed")
    func notMigrated() async throws {
        try await TestDatabase.withEmpty { (configuration) async throws in
            let database = LeftfoldDatabase(configuration, logger: TestDatabase.quiet)
            await #expect(throws: Unavailable.self) { try await database.store.append(Note.append(to: try Note.stream())) }
            await #expect(throws: Unavailable.self) { try await database.store.head() }
            #expect(try await database.pendingMigrations().count == LeftfoldSchema.migrations.count)
            await database.close()
        }
    }

    @Test("A database that is away is said to be unavailable, within the budget")
    func away() async throws {
        var limits = AppendLimits()
        limits.budget = .milliseconds(200)
        let nowhere = try ConnectionConfiguration("host=/nonexistent dbname=x connect_timeout=2")
        let database = LeftfoldDatabase(nowhere, limits: limits, logger: TestDatabase.quiet)
        await #expect(throws: Unavailable.self) { try await database.store.append(Note.append(to: try Note.stream())) }
        await #expect(throws: Unavailable.self) { try await database.store.head() }
        await database.close()
    }
}
