import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

/// Several processes spread the projections among themselves, and take over from who leaves.
@Suite struct WorkSharingTests {
    private static let all: [any PostgresProjection] = [Tally<A>(), Tally<B>(), Tally<C>(), Tally<D>()]

    /// A process with projectors of these projections, until it is cancelled.
    private static func process(_ configuration: ConnectionConfiguration, _ projections: [any PostgresProjection] = all) -> (
        database: LeftfoldDatabase, end: () async -> Void
    ) {
        let database = LeftfoldDatabase(configuration, logger: TestDatabase.quiet)
        let task = Task {
            try await database.running { database in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for projection in projections {
                        group.addTask { try await Projector(projection, in: database, logger: TestDatabase.quiet).run() }
                    }
                    try await group.waitForAll()
                }
            }
        }
        return (
            database,
            {
                task.cancel()
                _ = await task.result
            }
        )
    }

    private static func lend(_ body: (ConnectionConfiguration, LeftfoldDatabase) async throws -> Void) async throws {
        try await TestDatabase.withEmpty { configuration in
            _ = try await Migrator(configuration).migrate()
            let looking = LeftfoldDatabase(configuration, logger: TestDatabase.quiet)
            try await looking.createReadTables(all)
            let result: Result<Void, any Error>
            do { result = .success(try await body(configuration, looking)) } catch { result = .failure(error) }
            await looking.close()
            try result.get()
        }
    }

    private static func shares(_ database: LeftfoldDatabase) async throws -> [String: Int] {
        try await database.projectionStatuses().reduce(into: [:]) { if let worker = $1.worker { $0[worker, default: 0] += 1 } }
    }

    @Test("Who comes gets its share, who leaves is taken over from at once, and each event is applied once")
    func spread() async throws {
        try await Self.lend { configuration, database in
            let first = Self.process(configuration)
            try await eventually("the first has all") { try await Self.shares(database) == [first.database.worker: 4] }
            try await database.note(10)
            let second = Self.process(configuration)
            try await eventually("each has two") {
                try await Self.shares(database) == [first.database.worker: 2, second.database.worker: 2]
            }
            try await database.note(10)
            let third = Self.process(configuration)
            try await eventually("the third has one") {
                let shares = try await Self.shares(database)
                return shares[third.database.worker] == 1 && shares.values.reduce(0, +) == 4
            }
            try await database.note(10)
            await first.end()
            try await eventually("the others have all") {
                let shares = try await Self.shares(database)
                return shares[first.database.worker] == nil && shares.values.sorted() == [2, 2]
            }
            await second.end()
            try await eventually("the last has all") { try await Self.shares(database) == [third.database.worker: 4] }
            try await database.note(1)
            try await eventually("all are at the head") {
                try await database.projectionStatuses().allSatisfy { $0.position.rawValue == 31 }
            }
            for name in ["tally_a", "tally_b", "tally_c", "tally_d"] {
                let positions: [Int64] = try await database.pool.execute("SELECT position FROM \(identifier: name) ORDER BY 1")
                    .map { try $0.decode(Int64.self) }
                #expect(positions == Array(1...31))
            }
            await third.end()
            #expect(try await database.pool.execute("SELECT FROM leftfold.workers").isEmpty, "nobody is there any more")
        }
    }

    @Test("A process is given only what it could work on, and what a dead one was given, another takes")
    func fits() async throws {
        try await Self.lend { configuration, database in
            let first = Self.process(configuration)
            try await eventually("the first has all") { try await Self.shares(database) == [first.database.worker: 4] }
            // It says that it is there, and dies.
            try await database.pool.execute("SELECT leftfold.share_work('dead', '{tally_a.1, tally_b.1}', '5 s')")
            try await eventually("something is handed to it") { try await Self.shares(database)["dead"] == 2 }
            try await eventually("and taken back", within: Lease.length * 3) {
                try await Self.shares(database) == [first.database.worker: 4]
            }
            let second = Self.process(configuration, [Tally<D>()])
            try await eventually("the second has what it can") {
                try await Self.shares(database) == [first.database.worker: 3, second.database.worker: 1]
            }
            await second.end()
            await first.end()
        }
    }

    @Test("One that is slow, and one that stands at an event, hold up no other")
    func apart() async throws {
        try await TestDatabase.with { database in
            let slow = Tally<A>(brake: "SELECT pg_sleep(0.2)")
            let broken = Tally<B>(refused: 3)
            try await database.projecting(slow, batchSize: 10) {
                try await database.projecting(broken) {
                    try await database.projecting(Tally<C>()) {
                        try await database.note(100)
                        try await eventually("the sound one is there", within: .seconds(10)) {
                            try await database.status(Tally<C>.name)?.position.rawValue == 100
                        }
                        #expect(try await database.status(Tally<A>.name)?.position.rawValue ?? 100 < 100)
                        try await eventually("the broken one stands") { try await database.status(Tally<B>.name)?.failedPosition == 3 }
                        try await database.note(1)
                        try await eventually("the sound one goes on", within: .seconds(5)) {
                            try await database.status(Tally<C>.name)?.position.rawValue == 101
                        }
                    }
                }
            }
        }
    }
}
