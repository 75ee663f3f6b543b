import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Synchronization
import Testing

@testable import LeftfoldPostgres

/// The fast way that a rebuild fills the table of a fold, and pages that are prepared ahead.
@Suite struct FillingTests {
    @Test("However little memory there is, a rebuild gives the fold of the log", arguments: SeededGenerator.seeds(3))
    func bounded(seed: UInt64) async throws {
        try await TestDatabase.with { database in
            var random = SeededGenerator(seed: seed)
            try await database.appendRandomUsers(300, using: &random)
            var run = ProjectionRun(FoldedDirectory())
            try await run.catchUp(with: database.store)
            let rows = run.rows
            for memory in [0, 5000, 40_000, 128 << 20] {
                let batchSize = Int.random(in: 1...60, using: &random)
                _ = try await Rebuild(FoldedDirectory(), in: database, batchSize: batchSize, memory: memory).run()
                #expect(try await database.rows(of: FoldedDirectory()) == rows, "memory \(memory), pages of \(batchSize)")
            }
            #expect(try await Verification(FoldedDirectory(), in: database).run().matches)
        }
    }

    @Test("Wide rows are written as soon as they fill the memory, with the checkpoint")
    func wide() async throws {
        try await TestDatabase.with { database in
            for number in 0..<32 {
                let text = String(repeating: "\(number % 10)", count: 100_000)
                _ = try await database.store.append(Note.append(to: try Note.stream("\(number % 16)"), [text]))
            }
            let checkpoints = Recorded()
            _ = try await Rebuild(Latest(), in: database, batchSize: 2, memory: 1 << 20).run { done, head in
                guard done < head, let row = try? await database.pool.execute("SELECT max(position) FROM leftfold.followers").first else {
                    return
                }
                _ = checkpoints.add((try? row.decode(Int.self)) ?? 0)
            }
            #expect(checkpoints.all.contains { $0 > 0 && $0 < 32 })
            let rows = try await database.rows(of: Latest())
            #expect(rows.count == 16)
            #expect(rows.values.allSatisfy { $0.text.utf8.count == 100_000 && $0.count == 2 })
        }
    }

    /// A cast cuts what is too long, a copy refuses it: both ways must come to one row.
    @Test("Where the table takes another value than was given, a rebuild takes the same as the projector")
    func limits() async throws {
        try await TestDatabase.with { database in
            let short = Latest(script: "CREATE TABLE latest (stream text PRIMARY KEY, text varchar(3) NOT NULL, count integer NOT NULL)")
            _ = try await database.store.append(Note.append(to: try Note.stream("a"), ["abcdef"]))
            try await database.projecting(short) {
                try await eventually("there") { try await database.status(Latest.name)?.position == 1 }
            }
            let live = try await database.rows(of: short)
            _ = try await Rebuild(short, in: database).run()
            #expect(try await database.rows(of: short) == live)
        }
    }

    @Test("At an event that is refused, the usual way says which", arguments: ["", "again"])
    func refused(text: String) async throws {
        try await TestDatabase.with { database in
            for number in 0..<20 {
                _ = try await database.store.append(Note.append(to: try Note.stream("\(number)"), [number == 13 ? text : "\(number)"]))
            }
            let error = await #expect(throws: RebuildFailed.self) { try await Rebuild(Latest(), in: database, batchSize: 3).run() }
            #expect(error?.reason.contains("at position 14") == true, "\(error?.reason ?? "")")
        }
    }

    @Test("What the table has already is changed, not copied")
    func occupied() async throws {
        try await TestDatabase.with { database in
            let seeded = Latest(
                script: """
                    CREATE TABLE latest (stream text PRIMARY KEY, text text NOT NULL, count bigint NOT NULL);
                    INSERT INTO latest VALUES ('a', 'seed', 10), ('b', 'seed', 1);
                    """)
            for text in ["1", "2"] { _ = try await database.store.append(Note.append(to: try Note.stream("a"), [text])) }
            _ = try await Rebuild(seeded, in: database).run()
            #expect(
                try await database.rows(of: seeded) == ["a": Latest.Row(text: "2", count: 12), "b": Latest.Row(text: "seed", count: 1)])
        }
    }

    @Test("Who has lost the lease writes nothing")
    func lostLease() async throws {
        try await TestDatabase.with { database in
            try await database.note(5)
            try await database.createReadTables([Latest()])
            let name = try #require(FollowerName(rawValue: "latest.1"))
            var lease = try #require(try await Lease.take(name, in: database, owner: "test"))
            let generation = try await Generations(projection: Latest(), database: database).ensureLive()
            try await database.pool.execute("UPDATE leftfold.followers SET lease_epoch = lease_epoch + 1")
            let reader = LogReader(store: database.store, pace: BatchPace(2), sources: Latest().sources)
            try await database.withConnection(for: name, searchPath: generation.searchPath(database), deadline: .seconds(6)) { connection in
                let writer = try await Latest().form.writer(generation, connection)
                await #expect(throws: LeaseLost.self) {
                    try await writer.fill(from: reader, upTo: nil, &lease, on: connection, memory: 1 << 20) { _, _ in }
                }
            }
            #expect(lease.position == .zero)
            #expect(try await database.rows(of: Latest()).isEmpty)
        }
    }

    @Test("A page is prepared while the one before is worked on")
    func overlap() async throws {
        try await TestDatabase.with { database in
            try await database.note(4)
            let reader = LogReader(store: database.store, pace: BatchPace(2), sources: .category("note"))
            let prepared = Recorded()
            var worked: [Int] = []
            try await reader.read(after: .zero) { page in
                prepared.add(page.count)
            } _: { number in
                if worked.isEmpty { try await eventually("the next is prepared") { prepared.count == 2 } }
                worked.append(number)
            }
            #expect(worked == [1, 2])
        }
    }

    private final class Recorded: Sendable {
        private let pages = Mutex<[Int]>([])
        var count: Int { all.count }
        var all: [Int] { pages.withLock { $0 } }
        func add(_ page: Int) -> Int {
            pages.withLock {
                $0.append(page)
                return $0.count
            }
        }
    }
}
