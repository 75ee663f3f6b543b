import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Synchronization
import Testing

@testable import LeftfoldPostgres

/// New code comes while the old one still runs.
@Suite("In a rolling deployment", .timeLimit(.minutes(10)))
struct RollingDeploymentTests {
    private static let old = Ledger(version: 1)
    private static let new = Ledger(version: 2, mark: "new ")

    private func projector(
        _ ledger: Ledger, in database: LeftfoldDatabase, _ changed: Projector.WhenChanged = .waits
    ) -> Task<Void, any Error> {
        let projector = Projector(
            ledger, in: database, batchSize: 50, patience: .milliseconds(100), whenChanged: changed, logger: TestDatabase.quiet)
        return Task { try await projector.run() }
    }

    @Test("the new process builds the next generation while the old one keeps the live one, one of several, and each version once")
    func overtakes() async throws {
        try await TestDatabase.with { database in
            try await database.note(30)
            try await database.projecting(Self.old, patience: .milliseconds(100)) {
                let new = (1...3).map { _ in projector(Self.new, in: database, .rebuilds(keeping: .untilDropped)) }
                try await eventually("the new one is live") { try await database.status(Ledger.name)?.codeVersion == 2 }
                try await database.note(5)
                let head = try await database.store.head()
                try await eventually("both go on") {
                    try await database.projectionStatuses().filter { $0.position == head }.map(\.state).sorted() == ["kept", "live"]
                }
                let built = try await database.pool.execute("SELECT number FROM leftfold.generations").count
                #expect(built == 2)
                // Code that was rolled back from does not come again by itself, and old code does not overtake new.
                _ = try await Rollback(Self.old, in: database).run(by: "ada", because: "tests")
                try await database.note(5)
                let next = try await database.store.head()
                try await eventually("both go on again") {
                    try await database.projectionStatuses().filter { $0.position == next }.map(\.state).sorted() == ["kept", "live"]
                }
                #expect(try await database.status(Ledger.name)?.codeVersion == 1)
                #expect(try await database.pool.execute("SELECT number FROM leftfold.generations").count == 2)
                for task in new {
                    task.cancel()
                    _ = await task.result
                }
            }
        }
    }

    @Test(
        "with processes stopped and connections killed anywhere, no reader sees fewer rows, and all tables are right",
        arguments: SeededGenerator.seeds(2))
    func kills(seed: UInt64) async throws {
        print("rolling deployment, seed \(seed)")
        try await TestDatabase.with { database in
            var random = SeededGenerator(seed: seed)
            try await database.note(300)
            try await database.createReadTables([Self.old])
            let seen = Most()
            let readers = (1...2).map { _ in
                Task {
                    while !Task.isCancelled {
                        let before = seen.count
                        guard let now = try? await database.ledger().count else { continue }
                        #expect(now >= before, "a query saw fewer rows than one that had ended before it")
                        seen.see(now)
                    }
                }
            }
            let writer = Task { while !Task.isCancelled { try? await database.note(1) } }
            var processes = [projector(Self.old, in: database), projector(Self.new, in: database, .rebuilds(keeping: .untilDropped))]
            for _ in 1...25 {
                try await Task.sleep(for: .milliseconds(Int.random(in: 5...150, using: &random)))
                switch Int.random(in: 0..<6, using: &random) {
                case 0, 1:
                    let index = Int.random(in: 0...1, using: &random)
                    processes[index].cancel()
                    processes[index] =
                        index == 0
                        ? projector(Self.old, in: database) : projector(Self.new, in: database, .rebuilds(keeping: .untilDropped))
                case 2:
                    _ = try? await database.pool.execute(
                        """
                        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE '%ledger.%' ORDER BY random() LIMIT 1
                        """)
                case 3:
                    let rebuild = Task { try await Rebuild(Self.new, in: database, keeping: .untilDropped, batchSize: 50).run() }
                    try await Task.sleep(for: .milliseconds(Int.random(in: 1...100, using: &random)))
                    rebuild.cancel()
                    _ = await rebuild.result
                case 4:
                    _ = try? await Rollback(Bool.random(using: &random) ? Self.old : Self.new, in: database, patience: .seconds(1)).run(
                        by: "ada", because: "tests")
                default:
                    _ = try? await Rebuild(Self.old, in: database, batchSize: 100).difference(showing: 1)
                }
            }
            writer.cancel()
            await writer.value
            let head = try await database.store.head()
            try await eventually("the live one is at the head") { try await database.status(Ledger.name)?.position == head }
            for task in readers {
                task.cancel()
                await task.value
            }
            for number in try await database.projectionStatuses().filter({ $0.state == "kept" }).map(\.generation) {
                try await eventually("so is the kept one \(number)") {
                    try await database.projectionStatuses().first { $0.generation == number }?.position == head
                }
            }
            for task in processes {
                task.cancel()
                _ = await task.result
            }
            // I5 and I6, of all that can be gone back to.
            for status in try await database.projectionStatuses() where status.state != "building" {
                let rows = try await database.pool.execute(
                    "SELECT position, text LIKE 'new %' FROM \(identifier: "leftfold_ledger_\(status.generation)").ledger ORDER BY 1"
                ).map { try $0.decode(Int64.self, Bool.self) }
                #expect(rows.map(\.0) == Array(1...head.rawValue), "generation \(status.generation)")
                #expect(rows.allSatisfy { $0.1 == (status.codeVersion == 2) }, "generation \(status.generation)")
                if status.state == "live" {
                    let live = status.codeVersion == 2 ? Self.new : Self.old
                    #expect(try await Verification(live, in: database).run().matches)
                }
            }
        }
    }
}

/// The most rows that anybody saw.
private final class Most: Sendable {
    private let most = Mutex(0)
    var count: Int { most.withLock { $0 } }
    func see(_ count: Int) { most.withLock { $0 = max($0, count) } }
}
