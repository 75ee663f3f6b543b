import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

@Suite struct RebuildTests {
    @Test("While writes go on, a rebuild ends in the same table, and no query ever sees less than before")
    func underLoad() async throws {
        try await TestDatabase.with { database in
            try await database.note(500)
            try await database.projecting(Ledger()) {
                try await eventually("caught up") { try await database.status(Ledger.name)?.position == 500 }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        var count = 500
                        while !Task.isCancelled {
                            let now = try await database.ledger().count
                            #expect(now >= count, "a query saw fewer rows than the one before")
                            count = now
                        }
                    }
                    group.addTask { while !Task.isCancelled { try await database.note(1) } }
                    for _ in 0..<3 { _ = try await Rebuild(Ledger(), in: database, batchSize: 50).run() }
                    group.cancelAll()
                    do { try await group.waitForAll() } catch is CancellationError {} catch is PostgresError {} catch is Unavailable {}
                }
                let head = try await database.store.head()
                try await eventually("caught up again") { try await database.status(Ledger.name)?.position == head }
                #expect(try await database.ledger() == Array(1...head.rawValue))
                #expect(try await database.status(Ledger.name)?.generation == 4)
            }
        }
    }

    @Test("Who may read a view, and what is built on it, survives a rebuild")
    func keepsGrants() async throws {
        try await TestDatabase.with { database in
            try await database.note(2)
            _ = try await Rebuild(Ledger(), in: database).run()
            try await database.pool.execute("GRANT SELECT ON ledger TO PUBLIC")
            try await database.pool.execute("CREATE VIEW latest AS SELECT max(position) AS position FROM ledger")
            try await database.note(1)
            _ = try await Rebuild(Ledger(), in: database).run()
            #expect(try await database.latest() == 3)
            #expect(try await database.mayAnybodyReadTheLedger())
        }
    }

    @Test("So does who may read it when its columns change; what is built on it stops the rebuild, and nothing is lost")
    func changedColumns() async throws {
        try await TestDatabase.with { database in
            try await database.note(2)
            _ = try await Rebuild(Ledger(), in: database).run()
            try await database.pool.execute("GRANT SELECT ON ledger TO PUBLIC")
            var changed = Ledger()
            changed.script = "CREATE TABLE ledger (data json NOT NULL, text varchar NOT NULL, position bigint PRIMARY KEY);"
            _ = try await Rebuild(changed, in: database).run()
            #expect(try await database.ledger() == [1, 2])
            #expect(try await database.mayAnybodyReadTheLedger())

            try await database.pool.execute("CREATE VIEW latest AS SELECT max(position) AS position FROM ledger")
            let before = try await database.projectionStatuses().map(\.generation)
            await #expect(throws: PostgresError.self) { try await Rebuild(Ledger(), in: database).run() }
            #expect(try await database.latest() == 2)
            #expect(try await database.projectionStatuses().map(\.generation) == before)
        }
    }

    @Test("Only the generation before the live one is kept")
    func keepsOne() async throws {
        try await TestDatabase.with { database in
            try await database.note(3)
            for _ in 0..<3 { _ = try await Rebuild(Ledger(), in: database).run() }
            let schemas = try await database.pool.execute(
                "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'leftfold_ledger%' ORDER BY 1"
            )
            .map { try $0.decode(String.self) }
            #expect(schemas == ["leftfold_ledger_3", "leftfold_ledger_4"])
        }
    }

    @Test("A rebuild that fails leaves the live tables as they are, and nothing behind")
    func fails() async throws {
        try await TestDatabase.with { database in
            try await database.note(3)
            try await database.projecting(Ledger()) {
                try await eventually("caught up") { try await database.status(Ledger.name)?.position == 3 }
            }
            await #expect(throws: RebuildFailed.self) { try await Rebuild(Ledger(refused: ["2"]), in: database).run() }
            #expect(try await database.ledger() == [1, 2, 3])
            #expect(try await database.projectionStatuses().map(\.generation) == [1])
        }
    }

    @Test("So does one that is stopped, wherever it is")
    func stopped() async throws {
        try await TestDatabase.with { database in
            try await database.note(3)
            try await database.createReadTables([Ledger()])
            for _ in 0..<8 {
                let rebuild = Task { try await Rebuild(Ledger(), in: database, batchSize: 1).run() }
                try await eventually("it is being built") { try await database.status(Ledger.name, state: "building") != nil }
                rebuild.cancel()
                _ = await rebuild.result
                #expect(try await database.status(Ledger.name, state: "building") == nil)
            }
        }
    }

    /// When the connection breaks at the commit of the switch, the clean-up meets a generation that is live by now.
    @Test("Cleaning up never drops the live generation")
    func dropsNoLiveOne() async throws {
        try await TestDatabase.with { database in
            try await database.note(2)
            let live = try await Rebuild(Ledger(), in: database).run()
            let generations = Generations(projection: Ledger(), database: database)
            try await database.pool.withTransaction { try await generations.drop(live, on: $0) }
            #expect(try await database.ledger() == [1, 2])
            #expect(try await database.status(Ledger.name)?.generation == live.number)
        }
    }

    @Test("Verification finds a changed, a missing and an additional row, and changes nothing itself")
    func verification() async throws {
        try await TestDatabase.with { database in
            try await database.note(5)
            try await database.projecting(Ledger()) {
                try await eventually("caught up") { try await database.status(Ledger.name)?.position == 5 }
            }
            let verification = Verification(Ledger(), in: database)
            #expect(try await verification.run().matches)
            try await database.pool.execute("UPDATE leftfold_ledger_1.ledger SET text = 'forged' WHERE position = 2")
            try await database.pool.execute("DELETE FROM leftfold_ledger_1.ledger WHERE position = 3")
            try await database.pool.execute("INSERT INTO leftfold_ledger_1.ledger VALUES (99, 'invented', '{}')")
            let report = try await verification.run()
            #expect(!report.matches)
            #expect(report.tables.map(\.name) == ["ledger"])
            #expect(report.tables.map(\.missing) == [2])
            #expect(report.tables.map(\.unexpected) == [2])
            _ = try await Rebuild(Ledger(), in: database).run()
            #expect(try await verification.run().matches)
            let scratch = try await database.pool.execute("SELECT nspname FROM pg_namespace WHERE nspname = 'leftfold_ledger_0'")
            #expect(scratch.isEmpty)
        }
    }
}

extension LeftfoldDatabase {
    fileprivate func latest() async throws -> Int64? {
        try await pool.execute("SELECT position FROM latest").first?.decode(Int64.self)
    }

    fileprivate func mayAnybodyReadTheLedger() async throws -> Bool {
        try await pool.execute(
            """
            SELECT EXISTS (SELECT FROM pg_class AS c CROSS JOIN aclexplode(c.relacl) AS a
                WHERE c.oid = 'public.ledger'::regclass AND a.grantee = 0 AND a.privilege_type = 'SELECT')
            """
        ).first?.decode(Bool.self) ?? false
    }
}
