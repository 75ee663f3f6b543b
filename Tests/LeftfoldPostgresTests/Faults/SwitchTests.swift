import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import LeftfoldUsers
import LeftfoldUsersReadModel
import Testing

@testable import LeftfoldPostgres

/// The moment at which queries go over to another generation.
@Suite("The switch of generations", .timeLimit(.minutes(10)))
struct SwitchTests {
    private func filled(_ body: @escaping (LeftfoldDatabase) async throws -> Void) async throws {
        try await TestDatabase.with { database in
            for _ in 1...3 {
                let user = UUID()
                try await database.change(user, [.created(email: "\(user)@example.org", name: "A")])
            }
            try await database.createReadTables([UserDirectory()])
            try await body(database)
        }
    }

    @Test(
        "is refused to who slept through the end of its lease",
        arguments: [
            "UPDATE leftfold.followers SET lease_epoch = lease_epoch + 1 WHERE name = 'user_directory.2'",
            "UPDATE leftfold.generations SET state = 'retired' WHERE projection = 'user_directory' AND number = 2",
        ])
    func slept(meanwhile: String) async throws {
        try await filled { database in
            let other = try await Connection.connect(database.configuration, logger: TestDatabase.quiet)
            await #expect(throws: RebuildFailed.self) {
                // After the last batch, before the switch.
                try await Rebuild(UserDirectory(), in: database).run { _, _ in try? await other.execute(script: meanwhile) }
            }
            let live = try await database.projectionStatuses().filter { $0.state == "live" }
            #expect(live.map(\.generation) == [1])
            await other.close()
        }
    }

    private func caughtUp(_ database: LeftfoldDatabase) async throws {
        try await eventually("caught up") {
            try await database.projectionStatuses().first { $0.generation == 1 }?.position == database.store.head()
        }
    }

    /// A generation beside the live one, as far as the live one is, with the lease of who builds it.
    private func built(in database: LeftfoldDatabase) async throws -> (Generations, Generation, Lease) {
        let generations = Generations(projection: UserDirectory(), database: database)
        let generation = try await database.pool.withTransaction { try await generations.create(on: $0) }
        var lease = try #require(try await Lease.take(generation.follower, in: database, owner: "test"))
        let head = try await database.store.head()
        try await database.pool.execute(lease.advance(to: head, touching: .nothing))
        lease.advanced(to: head, sentAt: .now)
        return (generations, generation, lease)
    }

    @Test("is done once, however often it is asked for, and leaves the session as it was")
    func again() async throws {
        try await filled { database in
            try await database.projecting(UserDirectory()) {
                try await caughtUp(database)
            }
            let (generations, generation, lease) = try await built(in: database)
            let connection = try await Connection.connect(database.configuration, logger: TestDatabase.quiet)
            let session: SQL = "SELECT current_setting('role') || current_setting('lock_timeout') || current_setting('search_path')"
            let before = try await connection.execute(session).first?.decode(String.self)
            for _ in 1...2 { #expect(try await generations.switchOver(to: generation, lease, on: connection) == nil) }
            #expect(try await connection.execute(session).first?.decode(String.self) == before)
            #expect(try await database.projectionStatuses().filter { $0.state == "live" }.map(\.generation) == [2])
            await connection.close()
        }
    }

    @Test("is not done while the live generation is further; that one can be asked to stand still, and goes on by itself")
    func behind() async throws {
        try await filled { database in
            try await database.projecting(UserDirectory()) {
                try await caughtUp(database)
                let (generations, generation, lease) = try await built(in: database)
                try await database.pool.withConnection { connection in
                    try await generations.holdLive(for: generation, lease, "test", on: connection)
                }
                let user = UUID()
                try await database.change(user, [.created(email: "\(user)@example.org", name: "B")])
                #expect(try await database.projectionStatuses().first { $0.generation == 1 }?.worker == "test")
                try await caughtUp(database)
                try await database.pool.withConnection { connection in
                    let live = try await generations.switchOver(to: generation, lease, on: connection)
                    #expect(try await database.store.head() == live)
                    await #expect(throws: LeaseLost.self) {
                        var another = lease
                        another.checkpoint.epoch += 1
                        _ = try await generations.switchOver(to: generation, another, on: connection)
                    }
                    await #expect(throws: LeaseLost.self) {
                        var another = lease
                        another.checkpoint.epoch += 1
                        try await generations.holdLive(for: generation, another, "test", on: connection)
                    }
                }
                #expect(try await database.projectionStatuses().filter { $0.state == "live" }.map(\.generation) == [1])
            }
        }
    }

    /// So does an append that keeps the live generation, and a projector that is quicker than the switch.
    @Test("sees how far the live generation has come while it waited for it")
    func movingMeanwhile() async throws {
        try await filled { database in
            try await database.projecting(UserDirectory()) { try await caughtUp(database) }
            let (generations, generation, lease) = try await built(in: database)
            let end = lease.position
            let holder = try await TestDatabase.connectToHold(database.configuration)
            try await holder.execute("BEGIN")
            try await holder.execute("SELECT leftfold.write('note-1', 'Noted', '{}')")
            // An append ends who is silent after it; here we wait on purpose.
            try await holder.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            try await holder.execute(
                """
                SELECT leftfold.advance(f.name, f.position, \(end.next), f.lease_epoch, '0 s')
                FROM leftfold.followers AS f WHERE f.name = 'user_directory.1'
                """)
            async let live = database.withConnection { try await generations.switchOver(to: generation, lease, on: $0) }
            try await eventually("it waits") {
                try await !database.pool.execute(
                    "SELECT FROM pg_stat_activity WHERE query LIKE '%switch_generation%' AND wait_event_type = 'Lock' AND datname = current_database()"
                ).isEmpty
            }
            try await holder.execute("COMMIT")
            #expect(try await live == end.next)
            await holder.close()
        }
    }

    @Test("A rebuild with a batch under way, whose prolonged lease is not seen yet, is not taken for abandoned")
    func underWay() async throws {
        try await filled { database in
            let gate = AsyncStream.makeStream(of: Void.self)
            let first = Task { try await Rebuild(UserDirectory(), in: database).run { _, _ in for await _ in gate.stream {} } }
            let generation: (Int) async throws -> ProjectionStatus? = { number in
                try await database.projectionStatuses().first { $0.generation == number }
            }
            try await eventually("it is built") { try await generation(2).map { $0.position > .zero } ?? false }
            let name = "user_directory.2"
            let batch = try await TestDatabase.connectToHold(database.configuration)
            try await batch.execute("UPDATE leftfold.followers SET lease_until = clock_timestamp() - interval '1 s' WHERE name = \(name)")
            try await batch.execute("BEGIN")
            try await batch.execute("SELECT FROM leftfold.followers WHERE name = \(name) FOR UPDATE")
            await #expect(throws: OperationRefused.self) { try await Rebuild(UserDirectory(), in: database).run() }
            #expect(try await generation(2)?.state == "building")
            try await batch.execute("COMMIT")
            gate.continuation.finish()
            _ = try? await first.value
            await batch.close()
        }
    }

    @Test("waits for whoever reads the view for long, and others read it meanwhile")
    func longReader() async throws {
        try await filled { database in
            let reader = try await TestDatabase.connectToHold(database.configuration)
            try await reader.execute(script: "BEGIN; SELECT count(*) FROM user_directory")
            async let generation = Rebuild(UserDirectory(), in: database).run()
            var slowest = Duration.zero
            let end = ContinuousClock.now + .seconds(3)
            while ContinuousClock.now < end {
                let start = ContinuousClock.now
                _ = try await database.queries.execute("SELECT count(*) FROM user_directory")
                slowest = max(slowest, ContinuousClock.now - start)
            }
            #expect(slowest < .seconds(1), "\(slowest)")
            #expect(try await database.projectionStatuses().contains { $0.state == "live" && $0.generation == 1 })
            try await reader.execute(script: "COMMIT")
            #expect(try await generation.number == 2)
            await reader.close()
        }
    }
}
