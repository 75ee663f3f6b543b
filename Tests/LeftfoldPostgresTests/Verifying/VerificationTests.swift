import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import MetricsTestKit
import Synchronization
import Testing

@testable import LeftfoldPostgres

/// The second fold of the log: what it finds, beside whom it works, and what it leaves.
@Suite("Verification", .timeLimit(.minutes(10))) struct VerificationTests {
    @Test("names rows that were forged, lost or smuggled in, with their columns and the events behind them", arguments: [true, false])
    func differences(isFold: Bool) async throws {
        try await TestDatabase.with { database in
            let projection: any PostgresProjection = isFold ? Latest() : Board()
            let (table, key) = isFold ? ("latest", "stream") : ("board", "note")
            let prefix = isFold ? "" : "note-"
            for text in ["1", "2", "3"] {
                for name in ["a", "b", "c"] { _ = try await database.store.append(Note.append(to: try Note.stream(name), [text])) }
            }
            _ = try await Rebuild(projection, in: database).run()
            let live = SQL(unsafe: "leftfold_\(table)_2.\(table)")
            try await database.pool.execute("UPDATE \(fragment: live) SET text = 'forged' WHERE \(unsafe: key) = \(prefix + "a")")
            try await database.pool.execute("DELETE FROM \(fragment: live) WHERE \(unsafe: key) = \(prefix + "b")")
            try await database.pool.execute("INSERT INTO \(fragment: live) VALUES (\(prefix + "z"), 'smuggled', 7)")

            // Ranges of one row, of some and of all find the same.
            for size in [1, 2, 100] {
                let report = try await Verification(projection, in: database, rangeSize: size).run()
                #expect(!report.matches && report.differing == 3 && report.position == 9)
                #expect(report.tables == [.init(name: table, rows: 3, missing: 2, unexpected: 2, changed: 1)])
                #expect(report.differences.map(\.kind) == [.changed, .missing, .unexpected])
                #expect(report.differences.map { $0.key.map(\.value) } == [[prefix + "a"], [prefix + "b"], [prefix + "z"]])
                let forged = try #require(report.differences.first)
                #expect(forged.columns.map(\.name) == ["text"])
                #expect(forged.columns.first?.live?.description == #""forged""# && forged.columns.first?.expected?.description == #""3""#)
                #expect(forged.events.map(\.position) == [1, 4, 7] && forged.eventCount == 3)
                #expect(forged.events.last?.stream == "note-a" && forged.events.last?.type == "Noted")
                #expect(report.differences[1].columns.count == 3 && report.differences[1].columns.allSatisfy { $0.live == nil })
                #expect(report.differences[2].events.isEmpty && report.differences[2].eventCount == 0)
            }
            let left = try await database.scratches()
            #expect(left.isEmpty)
        }
    }

    @Test("beside a projector at work, compares each row at one position, and never takes being behind for being wrong")
    func underWay() async throws {
        try await TestDatabase.with { database in
            try await database.projecting(Board(), batchSize: 7) {
                let streams = try (0..<20).map { try Note.stream("\($0)") }
                let isDone = Mutex(false)
                async let written: Int = {
                    var count = 0
                    while !isDone.withLock({ $0 }) {
                        count += 1
                        _ = try await database.store.append(Note.append(to: streams[count % 20], ["\(count)"]))
                    }
                    return count
                }()
                try await eventually("it has begun") { try await database.status(Board.name)?.position ?? 0 > 50 }
                var moved = 0
                for _ in 0..<5 {
                    let report = try await Verification(Board(), in: database, rangeSize: 2).run()
                    #expect(report.matches, "\(report)")
                    if report.position > report.comparedFrom { moved += 1 }
                }
                // It did not stand still for us.
                #expect(moved > 0)
                try await database.pool.execute("UPDATE leftfold_board_1.board SET note = 'forged' WHERE note = 'note-3'")
                isDone.withLock { $0 = true }
                _ = try await written
                let report = try await Verification(Board(), in: database, rangeSize: 3).run()
                #expect(!report.matches && report.differences.contains { $0.key.map(\.value) == ["forged"] && $0.kind == .unexpected })
            }
        }
    }

    @Test("holds no transaction open from one page to the next")
    func shortTransactions() async throws {
        try await TestDatabase.with { database in
            try await database.append(3500)
            _ = try await Rebuild(Ledger(), in: database).run()
            let looks = Mutex(0)
            let report = try await Verification(Ledger(), in: database).run { position, _ in
                let open = try? await database.pool.execute(
                    """
                    SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < clock_timestamp() - interval '2 seconds'
                        OR datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'
                    """
                ).first?.decode(Int.self)
                #expect(open == 0, "at \(position)")
                looks.withLock { $0 += 1 }
            }
            #expect(report.matches && looks.withLock { $0 } >= 4)
        }
    }

    @Test("that is stopped leaves nothing; what a killed one leaves, the next one drops, and nothing that somebody still builds")
    func leftovers() async throws {
        try await TestDatabase.with { database in
            try await database.append(3000)
            _ = try await Rebuild(Ledger(), in: database).run()
            let running = Task { try await Verification(Ledger(), in: database, eventsPerSecond: 1000).run() }
            try await eventually("it is at work") { try await !database.scratches().isEmpty }
            running.cancel()
            await #expect(throws: (any Error).self) { try await running.value }
            let left = try await database.scratches()
            #expect(left.isEmpty)

            // As kills leave them: of one nothing was heard for a minute, of the other just now.
            let generations = Generations(projection: Ledger(), database: database)
            let (old, new) = try await database.pool.withConnection { connection in
                let old = try await Scratch.make(for: generations, .verify, upTo: 10, on: connection)
                return (old, try await Scratch.make(for: generations, .verify, upTo: 10, on: connection))
            }
            try await database.pool.execute(
                "UPDATE leftfold.scratches SET kept_until = clock_timestamp() - interval '1 second' WHERE name = \(old.schema)")
            #expect(try await Verification(Ledger(), in: database).run().matches)
            let rest = try await database.scratches()
            #expect(rest == [new.schema])
            // Whose tables are gone notices.
            try await database.pool.withConnection { try await new.drop(on: $0) }
            await #expect(throws: ScratchLost.self) {
                try await database.pool.withConnection { connection in
                    try await new.transaction(on: connection) { try await new.reached(5, on: $0) }
                }
            }
        }
    }

    @Test("says that it cannot tell where the live tables are exchanged meanwhile")
    func exchanged() async throws {
        try await TestDatabase.with { database in
            try await database.note(20)
            _ = try await Rebuild(Ledger(), in: database).run()
            let once = Mutex(false)
            let error = await #expect(throws: VerificationFailed.self) {
                try await Verification(Ledger(), in: database).run { _, _ in
                    let isFirst = once.withLock { done in
                        defer { done = true }
                        return !done
                    }
                    if isFirst { _ = try? await Rebuild(Ledger(), in: database).run() }
                }
            }
            #expect(error?.reason.contains("verify again") == true, "\(String(describing: error))")
            let left = try await database.scratches()
            #expect(left.isEmpty)
        }
    }

    @Test("that goes on by itself tells the metrics when and up to where each projection was verified, and how many rows differ")
    func continuous() async throws {
        try await TestDatabase.with { database in
            try await database.note(5)
            for projection in [Ledger(), Board()] as [any PostgresProjection] { _ = try await Rebuild(projection, in: database).run() }
            let metrics = TestMetrics()
            func gauge(_ name: String, _ projection: String) -> Double? {
                try? metrics.expectRecorder("leftfold_verification_\(name)", [("projection", projection)]).lastValue
            }
            let service = ContinuousVerification(
                [Ledger(), Board()], in: database, every: .milliseconds(100), pause: .milliseconds(10), factory: metrics,
                logger: TestDatabase.quiet)
            let running = Task { await service.run() }
            try await eventually("both are verified") { gauge("position", "ledger") == 5 && gauge("position", "board") == 5 }
            #expect(gauge("differing_rows", "ledger") == 0)
            #expect(abs((gauge("timestamp_seconds", "ledger") ?? 0) - Date().timeIntervalSince1970) < 60)
            try await database.pool.execute("DELETE FROM leftfold_ledger_2.ledger WHERE position < 3")
            try await eventually("the lost rows are seen") { gauge("differing_rows", "ledger") == 2 }
            #expect(gauge("differing_rows", "board") == 0)
            running.cancel()
            await running.value
            let left = try await database.scratches()
            #expect(left.isEmpty)
        }
    }
}

extension LeftfoldDatabase {
    /// The schemas that stand beside the generations. Both ways to know of them must agree.
    func scratches() async throws -> [String] {
        let all = try await pool.execute(
            """
            SELECT coalesce(s.name, n.nspname::text), s.name IS NOT NULL AND n.nspname IS NOT NULL
            FROM leftfold.scratches AS s FULL JOIN (SELECT nspname FROM pg_namespace WHERE nspname ~ '^leftfold_.*_v[0-9a-f]{8}$') AS n
            ON n.nspname::text = s.name ORDER BY 1
            """
        ).map { try $0.decode(String.self, Bool.self) }
        let isConsistent = all.allSatisfy { $0.1 }
        #expect(isConsistent, "\(all)")
        return all.map(\.0)
    }

    /// Many events at once.
    func append(_ count: Int) async throws {
        var left = count
        while left > 0 {
            let texts = (0..<min(left, 500)).map(String.init)
            _ = try await store.append(Note.append(to: try Note.stream(), texts))
            left -= texts.count
        }
    }
}
