import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Synchronization
import Testing

@testable import LeftfoldPostgres

/// Projections that appends keep: the row is there when the append is answered, or neither of them is.
@Suite struct InlineTests {
    private struct Lent {
        /// Whose appends keep the ledger.
        let database: LeftfoldDatabase
        /// Whose do not.
        let other: LeftfoldDatabase
    }

    private final class Load: Sendable {
        let isOver = Mutex(false)
        let acknowledged = Mutex(0)
    }

    private static func inline(version: Int = 1, refused: Set<String> = [], refusedBySQL: Set<String> = []) -> Ledger {
        var ledger = Ledger(version: version, refused: refused, refusedBySQL: refusedBySQL)
        ledger.isInline = true
        return ledger
    }

    private static func lend(
        _ ledger: Ledger = inline(), limits: AppendLimits = .init(), _ body: @escaping @Sendable (Lent) async throws -> Void
    ) async throws {
        try await TestDatabase.withEmpty { configuration in
            _ = try await Migrator(configuration).migrate()
            try await LeftfoldDatabase(configuration, limits: limits, logger: TestDatabase.quiet).running { database in
                try await database.createReadTables([ledger])
                database.keepInline([ledger])
                let other = LeftfoldDatabase(configuration, logger: TestDatabase.quiet)
                let result: Result<Void, any Error>
                do { result = .success(try await body(Lent(database: database, other: other))) } catch { result = .failure(error) }
                await other.close()
                try result.get()
            }
        }
    }

    @Test("The rows are there when the append is answered, however many append at a time")
    func together() async throws {
        try await Self.lend { lent in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let answers = try await lent.database.store.append([Note.append(to: try Note.stream(), ["\(number)", "and"])])
                        guard case .appended(let appended)? = answers.first else {
                            Issue.record("\(answers)")
                            return
                        }
                        let rows = try await lent.database.pool.execute(
                            "SELECT FROM ledger WHERE position IN (\(appended.position), \(appended.position.rawValue - 1))")
                        #expect(rows.count == 2)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await lent.database.ledger() == Array(1...400))
            #expect(try await lent.database.status(Ledger.name)?.position == 400)
            #expect(try await Verification(Self.inline(), in: lent.database).run().matches)
        }
    }

    @Test("A row is folded in the append's transaction, too")
    func folded() async throws {
        try await TestDatabase.with { database in
            let directory = InlineCounts()
            try await database.createReadTables([directory])
            database.keepInline([directory])
            let stream = try Note.stream()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 { group.addTask { _ = try await database.store.append(Note.append(to: stream)) } }
                try await group.waitForAll()
            }
            let count = try await database.pool.execute("SELECT count FROM counts WHERE stream = \(stream)").first?.decode(Int.self)
            #expect(count == 50)
        }
    }

    @Test("What the projection refuses, in Swift or in SQL, is not appended, and fails alone")
    func refused() async throws {
        try await Self.lend(Self.inline(refused: ["bad"], refusedBySQL: ["worse"])) { lent in
            _ = try await lent.database.store.append(Note.append(to: try Note.stream(), ["first"]))
            let stored = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<30 {
                    group.addTask {
                        let text = number == 11 ? "bad" : number == 17 ? "worse" : "\(number)"
                        do {
                            _ = try await lent.database.store.append(Note.append(to: try Note.stream(), [text]))
                            return true
                        } catch is InlineProjectionFailed {
                            #expect(number == 11 || number == 17)
                            return false
                        }
                    }
                }
                return try await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            #expect(stored.filter { $0 }.count == 28)
            #expect(try await lent.database.store.head() == 29)
            #expect(try await lent.database.ledger() == Array(1...29))
        }
    }

    @Test("What others have appended is taken in by the next append, or by a projector")
    func gap() async throws {
        try await Self.lend { lent in
            try await lent.other.note(5)
            #expect(try await lent.database.ledger().isEmpty)
            try await lent.database.note(1)
            #expect(try await lent.database.ledger() == Array(1...6))
            try await lent.other.note(2)
            try await lent.database.projecting(Self.inline(), patience: .milliseconds(100)) {
                try await eventually("the projector has come") { try await lent.database.ledger() == Array(1...8) }
                for number in 9...30 as ClosedRange<Int64> {
                    try await lent.database.note(1)
                    #expect(try await lent.database.ledger().last == number)
                }
            }
        }
    }

    @Test("Far behind, appends wait for a projector, and are refused without one")
    func far() async throws {
        var limits = AppendLimits()
        limits.budget = .milliseconds(1500)
        try await Self.lend(limits: limits) { lent in
            let texts = Array(repeating: "a", count: 2000)
            for _ in 0..<2 { _ = try await lent.other.store.append(Note.append(to: try Note.stream(), texts)) }
            await #expect(throws: Unavailable.self) { try await lent.database.note(1) }
            #expect(try await lent.database.store.head() == 4000)
            try await lent.database.projecting(Self.inline(), batchSize: 2000, patience: .milliseconds(50)) {
                try await eventually("it goes on") {
                    do {
                        try await lent.database.note(1)
                        return true
                    } catch is Unavailable {
                        return false
                    }
                }
            }
            #expect(try await lent.database.ledger() == Array(1...4001))
        }
    }

    @Test("While somebody works on the projection, others append, and those who keep it wait without the append lock")
    func locked() async throws {
        try await Self.lend { lent in
            try await lent.database.note(1)
            let holder = try await Connection.connect(lent.database.configuration)
            try await holder.execute("BEGIN")
            try await holder.execute("SELECT FROM leftfold.followers FOR UPDATE")
            let waiting = Task { try await lent.database.note(1) }
            try await eventually("it is trying") { lent.database.store.appender.waiting > .milliseconds(50) }
            for _ in 0..<10 {
                let start = ContinuousClock.now
                try await lent.other.note(1)
                #expect(start.duration(to: .now) < .seconds(1))
            }
            try await holder.execute("COMMIT")
            try await waiting.value
            #expect(try await lent.database.ledger() == Array(1...12))
            await holder.close()
        }
    }

    @Test("Appends go on without a projection whose live generation another version of the code has built")
    func otherVersion() async throws {
        try await Self.lend { lent in
            lent.database.keepInline([Self.inline(version: 2)])
            try await lent.database.note(3)
            #expect(try await lent.database.ledger().isEmpty)
            lent.database.keepInline([Self.inline(version: 1)])
            try await lent.database.note(1)
            #expect(try await lent.database.ledger() == [1, 2, 3, 4])
        }
    }

    @Test("Paused, it stops appends, and says why")
    func paused() async throws {
        try await Self.lend { lent in
            try await lent.database.pool.execute("UPDATE leftfold.followers SET paused_at = clock_timestamp()")
            do {
                try await lent.database.note(1)
                Issue.record("appended")
            } catch let refusal as Unavailable {
                #expect(refusal.message.contains("paused"))
            }
            #expect(try await lent.database.store.head() == 0)
        }
    }

    @Test("It is rebuilt while appends keep it, and its sessions are killed: every event once", arguments: SeededGenerator.seeds(2))
    func rebuilt(seed: UInt64) async throws {
        try await Self.lend { lent in
            let load = Load()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        while !load.isOver.withLock({ $0 }), !Task.isCancelled {
                            do {
                                try await lent.database.note(1)
                                load.acknowledged.withLock { $0 += 1 }
                            } catch is OutcomeUnknown {}
                        }
                    }
                }
                group.addTask {
                    var random = SeededGenerator(seed: seed)
                    for _ in 0..<10 {
                        let before = load.acknowledged.withLock { $0 }
                        try await eventually("appends go on", within: .seconds(20)) { load.acknowledged.withLock { $0 } > before + 5 }
                        for _ in 0..<Int.random(in: 0...50, using: &random) { await Task.yield() }
                        try await lent.other.pool.execute(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '% append' AND datname = current_database()"
                        )
                    }
                    for _ in 0..<2 { _ = try await Rebuild(Self.inline(), in: lent.database).run() }
                    load.isOver.withLock { $0 = true }
                }
                while try await group.next() != nil {}
            }
            let head = try await lent.database.store.head()
            #expect(head.rawValue >= load.acknowledged.withLock { $0 })
            #expect(try await lent.database.ledger() == Array(1...head.rawValue))
            #expect(try await Verification(Self.inline(), in: lent.database).run().matches)
        }
    }
}

/// How many events each stream has.
private struct InlineCounts: TableProjection {
    static let name: ProjectionName = "counts"
    let version = 1
    let sources: EventSources = .category("note")
    let isInline = true
    let script = "CREATE TABLE counts (stream text PRIMARY KEY, count bigint NOT NULL);"

    struct Row: Codable, Sendable, Equatable { var count: Int }

    func fold(_ event: RecordedEvent, into rows: inout RowChanges<String, Row>) throws {
        rows.evolve(event.stream.rawValue) { $0 = Row(count: ($0?.count ?? 0) + 1) }
    }
}
