import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Synchronization
import Testing

@testable import LeftfoldPostgres

/// What wakes a follower. Each way is enough without the other.
@Suite struct WakeUpTests {
    /// It would look by itself only after an hour.
    @Test("An announcement alone wakes a projector")
    func announced() async throws {
        try await TestDatabase.with { database in
            try await database.projecting(Ledger(), patience: .seconds(3600)) {
                try await eventually("it has begun") { try await database.status(Ledger.name)?.worker != nil }
                for number in 1...3 {
                    try await database.note(1)
                    try await eventually("woken", within: .seconds(10)) { try await database.ledger().count == number }
                }
            }
        }
    }

    @Test("Without announcements, looking from time to time is enough")
    func unannounced() async throws {
        try await TestDatabase.withEmpty { configuration in
            _ = try await Migrator(configuration).migrate()
            // Nobody listens.
            let database = LeftfoldDatabase(configuration, logger: TestDatabase.quiet)
            try await database.projecting(Ledger(), patience: .milliseconds(200)) {
                try await eventually("it has begun") { try await database.status(Ledger.name)?.worker != nil }
                for number in 1...3 {
                    try await database.note(1)
                    try await eventually("noticed", within: .seconds(10)) { try await database.ledger().count == number }
                }
            }
            #expect(database.announcements.mark(of: .log) == 0)
            await database.close()
        }
    }

    /// The one that stands by would look by itself only after an hour, and a lease that nobody lets go lasts 5 s.
    @Test("A released lease is announced, and the next one takes over at once")
    func released() async throws {
        try await TestDatabase.with { database in
            let first = Task { try await Projector(Ledger(), in: database, patience: .seconds(1), logger: TestDatabase.quiet).run() }
            try await eventually("the first works") { try await database.status(Ledger.name)?.worker != nil }
            try await database.projecting(Ledger(), patience: .seconds(3600)) {
                try await database.note(1)
                try await eventually("the first has applied it") { try await database.ledger() == [1] }
                try await database.pool.execute("UPDATE leftfold.followers SET lease_owner = 'the first' WHERE lease_owner IS NOT NULL")
                let start = ContinuousClock.now
                first.cancel()
                try await eventually("the second has the lease") {
                    let worker = try await database.status(Ledger.name)?.worker
                    return worker != nil && worker != "the first"
                }
                #expect(start.duration(to: .now) < Lease.length / 2)
                try await database.note(1)
                try await eventually("the second goes on", within: .seconds(10)) { try await database.ledger() == [1, 2] }
            }
            _ = await first.result
        }
    }

    @Test("Retry is announced: a projector that stopped goes on at once")
    func retried() async throws {
        try await TestDatabase.with { database in
            let choosy = Choosy()
            try await database.projecting(choosy, patience: .seconds(3600)) {
                try await database.note(2)
                try await eventually("stopped") { try await database.status(Choosy.name)?.failedPosition == 1 }
                choosy.mended.withLock { $0 = true }
                #expect(try await database.retry(Choosy.name))
                try await eventually("went on", within: .seconds(10)) { try await database.status(Choosy.name)?.position == 2 }
            }
        }
    }
}
