import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

@Suite struct ProjectorTests {
    @Test("Follows the log from the start and as it grows")
    func follows() async throws {
        try await TestDatabase.with { database in
            try await database.note(250)
            try await database.projecting(Ledger(), batchSize: 40) {
                try await eventually("caught up") { try await database.status(Ledger.name)?.position == 250 }
                try await database.note(3)
                try await eventually("followed") { try await database.status(Ledger.name)?.position == 253 }
            }
            #expect(try await database.ledger() == Array(1...253))
        }
    }

    @Test("Events of other categories move the checkpoint and nothing else")
    func otherCategories() async throws {
        try await TestDatabase.with { database in
            let other = try #require(StreamName(rawValue: "other-1"))
            _ = try await database.store.append(Note.append(to: other, ["a", "b"]))
            try await database.note(1)
            try await database.projecting(Ledger()) {
                try await eventually("caught up") { try await database.status(Ledger.name)?.position == 3 }
            }
            #expect(try await database.ledger() == [3])
        }
    }

    @Test("Of two projectors one works; when it stops, the other goes on at once")
    func standby() async throws {
        try await TestDatabase.with { database in
            try await database.projecting(Ledger()) {
                try await database.note(10)
                try await eventually("the first works") { try await database.status(Ledger.name)?.position == 10 }
                try await database.projecting(Ledger()) {
                    try await database.note(10)
                    try await eventually("still one works") { try await database.status(Ledger.name)?.position == 20 }
                }
            }
            try await database.projecting(Ledger()) {
                try await database.note(10)
                try await eventually("the lease was let go") { try await database.status(Ledger.name)?.position == 30 }
            }
            #expect(try await database.ledger() == Array(1...30))
        }
    }

    /// The ledger's primary key turns a position applied twice into a stop, and counting finds a skipped one.
    @Test("Projectors killed at random moments apply each position exactly once", arguments: SeededGenerator.seeds(1))
    func killed(seed: UInt64) async throws {
        try await TestDatabase.with { database in
            try await database.createReadTables([Ledger()])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask { try await Projector(Ledger(), in: database, batchSize: 7, logger: TestDatabase.quiet).run() }
                }
                try await withThrowingTaskGroup(of: Void.self) { work in
                    work.addTask { try await database.note(600) }
                    work.addTask {
                        var random = SeededGenerator(seed: seed)
                        for _ in 0..<25 {
                            try await Task.sleep(for: .milliseconds(Int.random(in: 1...40, using: &random)))
                            // Kills the one at work, and ends its lease so that another goes on without waiting for it.
                            try await database.pool.execute(
                                """
                                WITH killed AS (
                                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                                    WHERE datname = current_database() AND application_name LIKE '%ledger%'
                                ) UPDATE leftfold.followers SET lease_until = NULL WHERE (SELECT count(*) FROM killed) >= 0
                                """)
                        }
                    }
                    try await work.waitForAll()
                }
                try await eventually("caught up") { try await database.status(Ledger.name)?.position == 600 }
                group.cancelAll()
                try? await group.waitForAll()
            }
            #expect(try await database.status(Ledger.name)?.failure == nil)
            #expect(try await database.ledger() == Array(1...600))
        }
    }

    @Test("One that woke up after its lease went to another cannot write")
    func zombie() async throws {
        try await TestDatabase.with { database in
            try await database.note(5)
            let generation = try await Generations(projection: Ledger(), database: database).ensureLive()
            let (follower, pool) = (generation.follower, database.pool)
            try await database.withConnection(
                for: follower, searchPath: generation.searchPath(database), deadline: BatchPace.usualDeadline
            ) { connection in
                var sleeper = try #require(try await Lease.take(follower, in: database, owner: "sleeper"))
                try await pool.execute("UPDATE leftfold.followers SET lease_until = clock_timestamp() - interval '1 second'")
                var heir = try #require(try await Lease.take(follower, in: database, owner: "heir"))
                let (writer, events) = (StatementWriter(projection: Ledger()), try await database.store.read(after: .zero, limit: 5))
                try await writer.take(events[..<2], &heir, on: connection)
                await #expect(throws: LeaseLost.self) { try await writer.take(events[..<2], &sleeper, on: connection) }
                try await writer.take(events[2...], &heir, on: connection)
            }
            #expect(try await database.ledger() == [1, 2, 3, 4, 5])
        }
    }

    /// JSON may spell a NUL; PostgreSQL's text cannot hold one, so the driver refuses to send it.
    @Test("An event whose text cannot be sent stops it there, too, instead of being tried for ever")
    func unsendable() async throws {
        try await TestDatabase.with { database in
            for text in ["a", #"\u0000"#] { _ = try await database.store.append(Note.append(to: try Note.stream(), [text])) }
            try await database.projecting(Ledger()) {
                try await eventually("stopped") { try await database.status(Ledger.name)?.failedPosition == 2 }
            }
            #expect(try await database.ledger() == [1])
        }
    }

    @Test("An event that cannot be applied stops it there, visibly; after a mend it goes on", arguments: [true, false])
    func poison(inSwift: Bool) async throws {
        try await TestDatabase.with { database in
            for text in ["a", "b", "bad", "c"] { _ = try await database.store.append(Note.append(to: try Note.stream(), [text])) }
            var ledger = Ledger()
            if inSwift { ledger.refused = ["bad"] } else { ledger.refusedBySQL = ["bad"] }
            try await database.projecting(ledger) {
                try await eventually("stopped") { try await database.status(Ledger.name)?.failedPosition == 3 }
                #expect(try await database.status(Ledger.name)?.position == 2)
                #expect(try await database.ledger() == [1, 2])
                try await database.projecting(Ledger()) {}
            }
            #expect(try await database.retry(Ledger.name))
            #expect(try await database.retry(Ledger.name) == false)
            try await database.projecting(Ledger()) {
                try await eventually("went on") { try await database.status(Ledger.name)?.position == 4 }
            }
            #expect(try await database.status(Ledger.name)?.failure == nil)
            #expect(try await database.ledger() == [1, 2, 3, 4])
        }
    }
}
