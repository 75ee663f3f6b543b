import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import MetricsTestKit
import Testing

@testable import LeftfoldPostgres

/// What an operator does about a projection, and how it shows.
@Suite("An operator", .timeLimit(.minutes(10))) struct OperationsTests {
    private static let who = "local:ada"

    private func write(_ texts: [String], to stream: StreamName, _ database: LeftfoldDatabase) async throws {
        for text in texts { _ = try await database.store.append(Note.append(to: stream, [text])) }
    }

    private func finding(_ database: LeftfoldDatabase) async -> Health.Finding? {
        await Health(database, projections: [Ledger()]).projectionsAtWork(maximumLag: 3600).first
    }

    private func refusal(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? OperationRefused)?.code ?? "\(error)"
        }
    }

    @Test("skips the one event that stopped a projection: it is left out, visibly, until a rebuild", arguments: [true, false])
    func skip(inSwift: Bool) async throws {
        try await TestDatabase.with { database in
            var ledger = Ledger()
            if inSwift { ledger.refused = ["bad"] } else { ledger.refusedBySQL = ["bad"] }
            try await write(["a", "bad", "c"], to: try Note.stream(), database)
            try await database.projecting(ledger) {
                try await eventually("stopped") { try await database.status(Ledger.name)?.failedPosition == 2 }
                for wrong: Int64 in [1, 3] {
                    let code = await refusal {
                        try await database.skip(GlobalPosition(rawValue: wrong), of: Ledger.name, by: Self.who, because: "x")
                    }
                    #expect(code == "not_stopped_there")
                }
                try await database.skip(2, of: Ledger.name, by: Self.who, because: "a ticket")
                try await eventually("went on") { try await database.status(Ledger.name)?.position == 3 }
                try await write(["d", "bad"], to: try Note.stream(), database)
                try await eventually("stops at the next one") { try await database.status(Ledger.name)?.failedPosition == 5 }
                #expect(try await database.ledger() == [1, 3, 4])
                #expect(try await database.status(Ledger.name)?.skippedEvents == 1)
                try await database.skip(5, of: Ledger.name, by: Self.who, because: "another ticket")
                try await eventually("went on again") { try await database.status(Ledger.name)?.position == 5 }
                let finding = await finding(database)
                #expect(finding?.healthy == true && finding?.degraded == true, "\(String(describing: finding))")
            }
            let skips = try await database.skips()
            #expect(skips.map(\.position) == [2, 5] && skips.map(\.reason) == ["a ticket", "another ticket"])
            #expect(skips.allSatisfy { $0.principal == Self.who && $0.sessionRole != "" && $0.type == "Noted" && $0.waiting == nil })
            let verified = try await Verification(ledger, in: database).run()
            #expect(verified.matches && verified.excluded == 2, "\(verified)")

            _ = try await Rebuild(Ledger(), in: database).run()
            #expect(try await database.ledger() == [1, 2, 3, 4, 5])
            #expect(try await database.status(Ledger.name)?.skippedEvents == 0)
            #expect(try await database.skips().isEmpty)
            #expect(try await database.operations().map(\.operation) == ["skip", "skip"], "what was done stays on record")
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.execute("UPDATE leftfold.follower_operations SET reason = 'none'")
            }
            #expect(error?.sqlState == SQLState("LF001"))
        }
    }

    @Test(
        "parks a stream: the others go on; taken back, each event is applied once, in order, whoever is killed",
        arguments: SeededGenerator.seeds(1))
    func park(seed: UInt64) async throws {
        try await TestDatabase.with { database in
            let (poisoned, sound) = (try Note.stream(), try Note.stream())
            try await write(["a", "bad", "b"], to: poisoned, database)
            try await write(["x"], to: sound, database)
            try await database.projecting(Ledger(refused: ["bad"])) {
                try await eventually("stopped") { try await database.status(Ledger.name)?.failedPosition == 2 }
                #expect(
                    await refusal { try await database.park(sound, of: Ledger.name, by: Self.who, because: "x") } == "not_stopped_there")
                #expect(await refusal { try await database.unpark(poisoned, of: Ledger.name, by: Self.who) } == "not_parked")
                try await database.park(poisoned, of: Ledger.name, by: Self.who, because: "a ticket")
                try await write((0..<40).map { "\($0)" }, to: poisoned, database)
                try await write(["y"], to: sound, database)
                try await eventually("passed") { try await database.status(Ledger.name)?.position == 45 }
                #expect(try await database.ledger() == [1, 4, 45])
                let finding = await finding(database)
                #expect(finding?.healthy == true && finding?.degraded == true && finding?.detail.contains("1 parked streams") == true)
                #expect(try await database.skips().map(\.waiting) == [42])

                try await database.unpark(poisoned, of: Ledger.name, by: Self.who)
                try await eventually("it cannot be taken back yet") { try await database.skips().first?.failure != nil }
                #expect(try await database.ledger() == [1, 4, 45])
                #expect(try await database.status(Ledger.name)?.failure == nil, "which stops nothing")
                #expect(try await Verification(Ledger(refused: ["bad"]), in: database).run().matches)
            }
            // Mended, and killed meanwhile.
            try await database.projecting(Ledger()) {
                try await database.unpark(poisoned, of: Ledger.name, by: Self.who, because: "mended")
                var random = SeededGenerator(seed: seed)
                while try await database.status(Ledger.name)?.parkedStreams != 0 {
                    try await Task.sleep(for: .milliseconds(Int.random(in: 5...60, using: &random)))
                    try await database.pool.execute(
                        """
                        WITH killed AS (
                            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                            WHERE datname = current_database() AND application_name LIKE '%ledger%'
                        ) UPDATE leftfold.followers SET lease_until = NULL WHERE (SELECT count(*) FROM killed) > 0
                        """)
                }
                try await write(["z"], to: poisoned, database)
                try await eventually("followed again") { try await database.status(Ledger.name)?.position == 46 }
            }
            #expect(try await database.ledger() == Array(1...46))
            #expect(try await database.status(Ledger.name)?.failure == nil)
            #expect(try await database.operations(of: Ledger.name).map(\.operation) == ["unpark", "unpark", "park"])
        }
    }

    @Test("that takes a stream back makes what was kept at that position unknown")
    func restated() throws {
        let announcements = Announcements(.standard)
        let follower = try #require(FollowerName(rawValue: "ledger.1"))
        announcements.receive(.listening)
        _ = announcements.progress.learn([ReadModelSighting(Ledger.name, follower, at: 7)], since: announcements.progress.start())
        #expect(announcements.progress.marks(of: [Ledger.name]) != nil)
        announcements.receive(.notification(channel: "leftfold_checkpoints", payload: "restated ledger.1"))
        #expect(announcements.progress.marks(of: [Ledger.name]) == nil)
    }

    @Test("pauses a projection, wherever it is worked on: nothing more is applied, also after a rebuild, until it is resumed")
    func pause() async throws {
        try await TestDatabase.with { database in
            try await database.note(3)
            let metrics = TestMetrics()
            let watch = Task {
                await ProjectionGauges(database, factory: metrics, interval: .milliseconds(20), logger: TestDatabase.quiet).run()
            }
            func gauge(_ name: String) -> Double? {
                (try? metrics.expectRecorder("leftfold_projection_\(name)", [("projection", "ledger")]))?.lastValue
            }
            try await database.projecting(Ledger()) {
                try await database.projecting(Ledger()) {
                    try await eventually("one works") { try await database.status(Ledger.name)?.position == 3 }
                    #expect(try await database.pause(Ledger.name, by: Self.who, because: "load"))
                    #expect(try await database.pause(Ledger.name, by: Self.who, because: "load") == false)
                    try await database.note(2)
                    #expect(try await database.status(Ledger.name)?.worker == nil)
                    try await eventually("it is told") { gauge("paused") == 1 && gauge("stopped") == 0 }
                    let finding = await finding(database)
                    #expect(finding?.healthy == true && finding?.degraded == true && finding?.detail.contains("paused") == true)
                    #expect(try await database.ledger() == [1, 2, 3])
                    #expect(try await Rebuild(Ledger(), in: database).run().number == 2)
                    try await database.note(1)
                    try await eventually("it is paused still") { try await database.status(Ledger.name)?.pausedAt != nil }
                    #expect(try await database.ledger() == [1, 2, 3, 4, 5])
                    #expect(try await database.resume(Ledger.name, by: Self.who))
                    #expect(try await database.resume(Ledger.name, by: Self.who) == false)
                    try await eventually("it goes on") { try await database.status(Ledger.name)?.position == 6 }
                    try await eventually("that is told") { gauge("paused") == 0 }
                }
            }
            watch.cancel()
            await watch.value
            #expect(try await database.operations().map(\.operation) == ["resume", "pause"])
        }
    }

    @Test("removes a projection that no code has any more, unless somebody works on it or rests on it")
    func remove() async throws {
        try await TestDatabase.with { database in
            try await database.note(2)
            func remove() async -> String? { await refusal { try await database.remove(Ledger.name, by: Self.who, because: "gone") } }
            #expect(await remove() == "unknown_projection")
            try await database.projecting(Ledger()) {
                try await eventually("it works") { try await database.status(Ledger.name)?.position == 2 }
                _ = try await Rebuild(Ledger(), in: database).run()
                try await eventually("it works on the next one") { try await database.status(Ledger.name)?.worker != nil }
                #expect(await remove() == "projection_at_work")
            }
            try await eventually("the lease is gone") { try await database.status(Ledger.name)?.worker == nil }
            _ = try await database.pool.execute("CREATE VIEW report AS SELECT count(*) FROM ledger")
            #expect(await remove() == "projection_in_use")
            #expect(try await database.ledger() == [1, 2], "all or nothing")
            _ = try await database.pool.execute("DROP VIEW report")
            #expect(await remove() == nil)
            let left = try await database.pool.execute(
                """
                SELECT (SELECT count(*) FROM leftfold.followers), (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'leftfold_ledger%'),
                    (SELECT count(*) FROM pg_views WHERE viewname = 'ledger')
                """
            ).first?.decode(Int.self, Int.self, Int.self)
            #expect(left.map { [$0.0, $0.1, $0.2] } == [0, 0, 0])
            #expect(
                try await database.operations(of: Ledger.name).map { [$0.operation, $0.reason, $0.principal] } == [
                    ["remove", "gone", Self.who]
                ])
            try await database.createReadTables([Ledger()])
            #expect(try await database.status(Ledger.name)?.generation == 3, "no number is used again")
        }
    }

    @Test(
        "is told what cannot be meant",
        arguments: [
            "'ledger', 'explode', 'ada', 'x'", "'ledger', 'pause', '', 'x'", "'ledger', 'pause', 'ada'", "'ledger', 'pause', NULL, 'x'",
            "'ledger', 'pause', 'ada', repeat('x', 2001)", "'ledger', 'skip', 'ada', 'x'", "'ledger', 'park', 'ada', 'x'",
            "'ledger', NULL, 'ada', 'x'",
            "'ledger', 'pause', 'ada', 'x', 1", "'ledger', 'skip', 'ada', 'x', 1, 'note-1'",
        ])
    func nonsense(arguments: String) async throws {
        try await TestDatabase.with { database in
            try await database.createReadTables([Ledger()])
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.execute("SELECT leftfold.operate(\(unsafe: arguments))")
            }
            #expect(error?.sqlState == SQLState("LF006"))
            #expect(try await database.operations().isEmpty)
        }
    }

    @Test("who stops a projector at any moment finds no lease of its own left", arguments: SeededGenerator.seeds(1))
    func stopped(seed: UInt64) async throws {
        try await TestDatabase.with { database in
            try await database.createReadTables([Ledger()])
            try await database.note(20)
            var random = SeededGenerator(seed: seed)
            for _ in 0..<40 {
                let running = Task { try await Projector(Ledger(), in: database, batchSize: 1, logger: TestDatabase.quiet).run() }
                try await Task.sleep(for: .microseconds(Int.random(in: 0...15_000, using: &random)))
                running.cancel()
                _ = await running.result
                #expect(try await database.status(Ledger.name)?.worker == nil)
            }
        }
    }
}

/// An update of a row that is not there.
@Suite("A missing row") struct MissingRowTests {
    /// Updates a row that is there only for the text `there`.
    struct Updates: StatementProjection {
        static let name: ProjectionName = "updates"
        let version = 1
        let sources: EventSources = .category("note")
        let tables = ["updates"]
        let script = "CREATE TABLE updates (id text PRIMARY KEY, count bigint NOT NULL); INSERT INTO updates VALUES ('there', 0);"
        var form: Int
        var missing: StatementBatch.MissingRow = .stops

        func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
            let text = try JSONDecoder().decode([String: String].self, from: Data(event.data))["text"] ?? ""
            batch.execute("UPDATE updates SET count = count + 1 WHERE id = 'there'")
            switch form {
            case 0: batch.execute("UPDATE updates SET count = count + 1 WHERE id = \(text)", missing: missing)
            case 1: batch.execute("\n  update\n updates SET count = count + 1 WHERE id = \(text) ;\n", missing: missing)
            default: batch.execute("UPDATE updates SET count = count + 1 WHERE id = \(text) -- and no more", missing: missing)
            }
            batch.execute("DELETE FROM updates WHERE id = 'never'")
        }
    }

    @Test("stops a projection at the event that would change it, and everything before is in", arguments: 0...2)
    func stops(form: Int) async throws {
        try await TestDatabase.with { database in
            for text in ["there", "there", "not there", "there"] {
                _ = try await database.store.append(Note.append(to: try Note.stream(), [text]))
            }
            try await database.projecting(Updates(form: form)) {
                try await eventually("stopped") { try await database.status(Updates.name)?.failedPosition == 3 }
            }
            #expect(try await database.status(Updates.name)?.failure?.contains("the row that it changes is not there") == true)
            #expect(try await count(database) == 4)
            await #expect(throws: RebuildFailed.self) { try await Rebuild(Updates(form: form), in: database).run() }
        }
    }

    @Test("is passed where the projection says so")
    func passes() async throws {
        try await TestDatabase.with { database in
            for text in ["there", "not there"] { _ = try await database.store.append(Note.append(to: try Note.stream(), [text])) }
            try await database.projecting(Updates(form: 0, missing: .passes)) {
                try await eventually("passed") { try await database.status(Updates.name)?.position == 2 }
            }
            #expect(try await count(database) == 3)
        }
    }

    private func count(_ database: LeftfoldDatabase) async throws -> Int64? {
        try await database.pool.execute("SELECT count FROM updates").first?.decode(Int64.self)
    }
}
