import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

/// A link goes silent at the worst moment: both sides think that the other is busy. Fifteen seconds are promised; these print what it took,
/// and fail after a minute, for machines where everything at once is tested.
@Suite("A link that goes silent", .timeLimit(.minutes(10)))
struct SilenceTests {
    private static let patience: Duration = .seconds(60)

    private func through(_ proxy: CuttingProxy, _ limits: AppendLimits = .init()) -> LeftfoldDatabase {
        var configuration = proxy.configuration
        configuration.applicationName = "silent"
        return LeftfoldDatabase(configuration, poolSize: 4, limits: limits, logger: TestDatabase.quiet)
    }

    /// Runs until it succeeds, and says how long that took.
    private func timed(_ what: String, since start: ContinuousClock.Instant, _ body: @escaping @Sendable () async throws -> Bool)
        async throws
    {
        try await eventually("\(what)", within: Self.patience) { (try? await body()) ?? false }
        print("\(what): healthy after \(ContinuousClock.now - start)")
    }

    private func fails(_ body: () async throws -> Generation) async -> Bool {
        do { _ = try await body() } catch { return true }
        return false
    }

    @Test("between Execute and Sync does not keep the append lock; readiness says so meanwhile")
    func append() async throws {
        try await TestDatabase.with { database in
            let proxy = try CuttingProxy(to: database.configuration)
            defer { proxy.stop() }
            let sender = through(proxy)
            for _ in 0..<2 { _ = try await sender.store.append(Note.append(to: try Note.stream())) }
            proxy.add(.silence(.after(.execute), application: "append"))
            let lost = Note.append(to: try Note.stream())
            async let first = sender.store.append([lost])
            try await eventually("silent") { proxy.sightings.contains { $0.outcome == .silenced } }
            let start = ContinuousClock.now
            async let unready: Void = eventually("unready", within: Self.patience) {
                !(await Health(sender, projections: []).readiness().allSatisfy(\.healthy))
            }
            try await timed("an append of another process", since: start) {
                guard case .appended = try await database.store.append(Note.append(to: try Note.stream())) else { return false }
                return true
            }
            try await timed("an append of the same process", since: start) {
                guard case .appended = try await sender.store.append(Note.append(to: try Note.stream())) else { return false }
                return true
            }
            try await unready
            let told = try await first
            #expect(
                told.allSatisfy { if case .appended = $0 { true } else if case .acceptedBefore = $0 { true } else { false } }, "\(told)")
            #expect(
                try await database.store.read(after: .zero, limit: 100).filter { $0.commandID == lost.command.context.commandID }.count == 1
            )
            #expect(await Health(sender, projections: []).readiness().allSatisfy(\.healthy))
            await sender.close()
        }
    }

    @Test("in the middle of a batch does not keep the checkpoint, with or without somebody who stands by", arguments: [false, true])
    func batch(hasStandby: Bool) async throws {
        try await TestDatabase.with { database in
            let proxy = try CuttingProxy(to: database.configuration)
            defer { proxy.stop() }
            try await through(proxy).running { worker in
                try await worker.projecting(Ledger(), patience: .seconds(60)) {
                    try await database.note(1)
                    try await eventually("at work") { try await database.status(Ledger.name)?.position == 1 }
                    proxy.add(.silence(.after(.execute), application: "ledger.1"))
                    try await database.note(3)
                    try await eventually("silent", within: Self.patience) { proxy.sightings.contains { $0.outcome == .silenced } }
                    let start = ContinuousClock.now
                    let goesOn: @Sendable () async throws -> Bool = { try await database.status(Ledger.name)?.position == 4 }
                    if hasStandby {
                        try await database.projecting(Ledger()) { try await timed("a projection with a standby", since: start, goesOn) }
                    } else {
                        try await timed("a projection by itself", since: start, goesOn)
                    }
                }
            }
            #expect(try await database.ledger() == [1, 2, 3, 4])
        }
    }

    @Test("in the switch of a rebuild holds up neither queries nor projection nor the next rebuild")
    func rebuild() async throws {
        try await TestDatabase.with { database in
            let proxy = try CuttingProxy(to: database.configuration)
            defer { proxy.stop() }
            try await database.note(3)
            try await database.projecting(Ledger()) {
                try await eventually("at work") { try await database.status(Ledger.name)?.position == 3 }
                let sleeper = through(proxy)
                // The switch is the last that a rebuild sends on its connection.
                _ = try await Rebuild(Ledger(), in: sleeper).run()
                let last = proxy.sightings.count { $0.type == .execute && $0.application.contains("ledger.2") }
                try await eventually("at work again") { try await database.status(Ledger.name)?.worker != nil }
                proxy.add(.silence(.after(.execute), occurrence: last, application: "ledger.3"))
                async let sleeping = fails { try await Rebuild(Ledger(), in: sleeper).run() }
                try await eventually("asleep", within: Self.patience) { proxy.sightings.contains { $0.outcome == .silenced } }
                let start = ContinuousClock.now
                try await database.note(1)
                try await timed("a query", since: start) { try await database.queries.execute("SELECT count(*) FROM ledger").count == 1 }
                try await timed("the projection", since: start) { try await database.status(Ledger.name)?.position == 4 }
                try await timed("another rebuild", since: start) { try await Rebuild(Ledger(), in: database).run().number >= 3 }
                #expect(await sleeping)
                await sleeper.close()
            }
            #expect(try await database.ledger() == [1, 2, 3, 4])
        }
    }

    @Test("where a page of the log was on its way makes the next page smaller")
    func page() async throws {
        try await TestDatabase.with { database in
            try await database.note(3)
            let proxy = try CuttingProxy(to: database.configuration)
            defer { proxy.stop() }
            var configuration = proxy.configuration
            configuration.answerTimeout = .seconds(1)
            let slow = LeftfoldDatabase(configuration, logger: TestDatabase.quiet)
            let reader = LogReader(store: slow.store, pace: BatchPace(100), sources: .category("note"))
            #expect(try await reader.page(after: .zero).events.count == 3)
            proxy.add(.silence(.before(.dataRow)))
            let error = await #expect(throws: PostgresError.self) { _ = try await reader.page(after: .zero) }
            #expect(error?.isOverdue == true && reader.pace.size == 50)
            #expect(try await reader.page(after: .zero).events.count == 3)
            await slow.close()
        }
    }

    @Test("is known to a pool by one of its connections, which takes along what was idle all the while")
    func pool() async throws {
        try await TestDatabase.with { database in
            let proxy = try CuttingProxy(to: database.configuration)
            defer { proxy.stop() }
            let pool = Pool(proxy.configuration, size: 4, logger: TestDatabase.quiet)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { _ = try await pool.execute("SELECT pg_sleep(0.5)") } }
                try await group.waitForAll()
            }
            let before = proxy.sightings.map(\.connection).max() ?? 0
            proxy.add(.silence(.before(.execute)))
            let error = await #expect(throws: PostgresError.self) {
                try await pool.execute("SELECT 1", timeout: .seconds(2), onTimeout: .abandon)
            }
            #expect(error?.kind == .timeout)
            proxy.forgetSightings()
            _ = try await pool.execute("SELECT 2")
            #expect(proxy.sightings.allSatisfy { $0.connection > before || $0.type == .terminate })
            await pool.shutdown()
        }
    }

    @Test("is known to all pools by any connection of the same configuration")
    func otherPools() async throws {
        try await TestDatabase.with { database in
            let proxy = try CuttingProxy(to: database.configuration)
            defer { proxy.stop() }
            var copy = proxy.configuration
            copy.applicationName = "another"
            let pool = Pool(copy, size: 2, logger: TestDatabase.quiet)
            try await pool.execute("SELECT 1")
            let before = proxy.sightings.map(\.connection).max() ?? 0
            let connection = try await Connection.connect(proxy.configuration)
            proxy.add(.silence(.before(.execute)))
            await #expect(throws: PostgresError.self) {
                try await connection.execute("SELECT 1", timeout: .seconds(2), onTimeout: .abandon)
            }
            proxy.forgetSightings()
            try await pool.execute("SELECT 2")
            #expect(proxy.sightings.allSatisfy { $0.connection > before || $0.type == .terminate })
            await pool.shutdown()
        }
    }
}
