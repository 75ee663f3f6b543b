import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

/// What becomes of the generation that was live, and the way back to it.
@Suite("A generation that was replaced", .timeLimit(.minutes(10)))
struct KeptGenerationTests {
    private static func state(_ database: LeftfoldDatabase) async throws -> [Int: String] {
        try await database.projectionStatuses(retired: true).reduce(into: [:]) { $0[$1.generation] = $1.state }
    }

    private static func atHead(_ database: LeftfoldDatabase, _ generation: Int) async throws {
        let head = try await database.store.head()
        try await eventually("generation \(generation) is at the head") {
            try await database.projectionStatuses().first { $0.generation == generation }?.position ?? .zero >= head
        }
    }

    private static func texts(_ database: LeftfoldDatabase) async throws -> Set<String> {
        Set(try await database.pool.execute("SELECT DISTINCT left(text, 3) FROM ledger").map { try $0.decode(String.self) })
    }

    private static func newer() -> Ledger {
        var ledger = Ledger()
        (ledger.version, ledger.mark) = (2, "new")
        return ledger
    }

    private static func rebuilding(_ database: LeftfoldDatabase) -> Projector {
        Projector(
            newer(), in: database, patience: .milliseconds(50), whenChanged: .rebuilds(keeping: .untilDropped), logger: TestDatabase.quiet)
    }

    @Test("is kept up to date by code of its version; the way back and forth is atomic, current and on record; then it is dropped")
    func backAndForth() async throws {
        try await TestDatabase.with { database in
            try await database.projecting(Ledger(mark: "old")) {
                try await database.note(3)
                try await Self.atHead(database, 1)
                #expect(try await Rebuild(Self.newer(), in: database, keeping: .untilDropped).run().number == 2)
                #expect(try await Self.state(database) == [1: "kept", 2: "live"])
                #expect(try await Self.texts(database) == ["new"])
                try await database.projecting(Self.newer()) {
                    try await database.note(3)
                    for generation in [1, 2] { try await Self.atHead(database, generation) }
                    // By code of the newer version: a projector of the older one keeps what is gone back to.
                    #expect(try await Rollback(Self.newer(), in: database).run(by: "ada", because: "it is wrong").number == 1)
                    #expect(try await Self.state(database) == [1: "live", 2: "kept"])
                    #expect(try await Self.texts(database) == ["old"])
                    #expect(try await database.ledger() == Array(1...6))
                    try await database.note(2)
                    for generation in [1, 2] { try await Self.atHead(database, generation) }
                    #expect(try await Rollback(Ledger(mark: "old"), in: database).run(by: "ada", because: "it was right").number == 2)
                    #expect(try await database.ledger() == Array(1...8))
                }
            }
            #expect(try await database.drop(of: Ledger.name, by: "ada", because: "done") == 1)
            #expect(try await Self.state(database) == [2: "live"])
            let recorded = try await database.pool.execute("SELECT operation FROM leftfold.follower_operations ORDER BY number")
                .map { try $0.decode(String.self) }
            #expect(recorded == ["rollback", "rollback", "drop"])
            await #expect(throws: OperationRefused.self) { try await Rollback(Ledger(), in: database).run(by: "ada", because: "again") }
        }
    }

    @Test("is not gone back to while it is behind and nobody keeps it; code of its version brings it up")
    func behind() async throws {
        try await TestDatabase.with { database in
            try await database.createReadTables([Ledger()])
            _ = try await Rebuild(Self.newer(), in: database, keeping: .untilDropped).run()
            try await database.projecting(Self.newer()) {
                try await database.note(3)
                try await Self.atHead(database, 2)
                do {
                    _ = try await Rollback(Self.newer(), in: database, patience: .milliseconds(300)).run(by: "ada", because: "no")
                    Issue.record("went back")
                } catch let refused as OperationRefused {
                    #expect(refused.code == "generation_behind" && refused.message.contains("3 events"), "\(refused)")
                }
                #expect(try await database.ledger() == [1, 2, 3])
                #expect(try await Rollback(Ledger(), in: database).run(by: "ada", because: "yes").number == 1)
                #expect(try await database.ledger() == [1, 2, 3])
            }
        }
    }

    @Test("is kept for a time; then it is retired, and goes with the next rebuild")
    func forAWhile() async throws {
        try await TestDatabase.with { database in
            try await database.note(1)
            try await database.projecting(Ledger(), patience: .milliseconds(20)) {
                _ = try await Rebuild(Ledger(), in: database, keeping: .during(.milliseconds(200))).run()
                try await eventually("its time is over") { try await Self.state(database)[1] == "retired" }
            }
            for _ in 1...2 { _ = try await Rebuild(Ledger(), in: database).run() }
            #expect(try await Self.state(database)[1] == nil)
        }
    }

    @Test("A dry run tells what differs, by key and column, and switches nothing")
    func difference() async throws {
        try await TestDatabase.with { database in
            try await database.note(3)
            try await database.projecting(Ledger()) {
                try await Self.atHead(database, 1)
                var changed = Self.newer()
                changed.script = "CREATE TABLE ledger (position bigint PRIMARY KEY, text text NOT NULL, data json NOT NULL, more integer);"
                let difference = try await Rebuild(changed, in: database).difference(showing: 2)
                let table = try #require(difference.tables.first)
                #expect((table.liveRows, table.rows, table.changed, table.added, table.removed) == (3, 3, 3, 0, 0))
                #expect(table.columnsOnlyInNew == ["more"] && table.examples.count == 2)
                #expect(table.examples.first?.key == ["1"])
                #expect(table.examples.first?.columns == [.init(name: "text", live: "0", new: "new0")])
                #expect(try await Self.state(database) == [1: "live"])
                let same = try await Rebuild(Ledger(), in: database).difference()
                #expect(same.isEmpty)
                struct Refused: Error {}
                await #expect(throws: Refused.self) {
                    try await Rebuild(Self.newer(), in: database).run(comparing: 1) { difference in
                        if !difference.isEmpty { throw Refused() }
                    }
                }
                #expect(try await Self.state(database) == [1: "live"])
            }
        }
    }

    @Test(
        "A projector of newer code builds the next one by itself, while the older goes on, and a reader never sees less",
        arguments: SeededGenerator.seeds(2))
    func rolling(seed: UInt64) async throws {
        try await TestDatabase.with { database in
            try await database.note(20)
            try await database.projecting(Ledger()) {
                try await Self.atHead(database, 1)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        var least = 20
                        while !Task.isCancelled {
                            let rows = try await database.queries.execute("SELECT count(*) FROM ledger").first?.decode(Int.self) ?? 0
                            #expect(rows >= least, "seed \(seed)")
                            least = rows
                        }
                    }
                    group.addTask { while !Task.isCancelled { try await database.note(1) } }
                    var random = SeededGenerator(seed: seed)
                    // New processes, that are killed at any moment.
                    for _ in 0..<6 {
                        let projector = Self.rebuilding(database)
                        let process = Task { try await projector.run() }
                        for _ in 0..<Int.random(in: 0...400, using: &random) { await Task.yield() }
                        process.cancel()
                        _ = await process.result
                    }
                    let projector = Self.rebuilding(database)
                    let process = Task { try await projector.run() }
                    try await eventually("the newer one is live") {
                        try await database.projectionStatuses().contains { $0.state == "live" && $0.codeVersion == 2 }
                    }
                    group.cancelAll()
                    do { while try await group.next() != nil {} } catch is CancellationError {} catch let error as PostgresError
                        where error.kind == .cancelled
                    {}
                    for status in try await database.projectionStatuses() where status.state != "building" {
                        try await Self.atHead(database, status.generation)
                    }
                    let positions = try await database.ledger()
                    #expect(positions == Array(1...Int64(positions.count)), "seed \(seed)")
                    #expect(try await Self.texts(database) == ["new"])
                    process.cancel()
                    _ = await process.result
                }
            }
            #expect(try await Verification(Self.newer(), in: database).run().matches, "seed \(seed)")
        }
    }
}
