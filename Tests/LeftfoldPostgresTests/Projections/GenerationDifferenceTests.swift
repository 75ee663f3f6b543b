import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import LeftfoldUsers
import Testing

@testable import LeftfoldPostgres

/// A rebuild that is tried.
@Suite("A dry run", .timeLimit(.minutes(10)))
struct GenerationDifferenceTests {
    private func schemas(_ database: LeftfoldDatabase) async throws -> [String] {
        try await database.pool.execute("SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'leftfold_ledger%' ORDER BY 1").map {
            try $0.decode(String.self)
        }
    }

    @Test("of the same code differs in nothing, while writes go on, and leaves nothing behind")
    func same() async throws {
        try await TestDatabase.with { database in
            try await database.note(200)
            try await database.projecting(Ledger()) {
                try await eventually("caught up") { try await database.status(Ledger.name)?.position == 200 }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { while !Task.isCancelled { try await database.note(1) } }
                    let difference = try await Rebuild(Ledger(), in: database, batchSize: 50).difference()
                    group.cancelAll()
                    do { try await group.waitForAll() } catch is CancellationError {} catch is PostgresError {} catch is Unavailable {}
                    #expect(difference.isEmpty, "\(difference)")
                    #expect(difference.position >= 200)
                    #expect(difference.tables.map(\.rows) == [Int(difference.position.rawValue)])
                }
            }
            #expect(try await schemas(database) == ["leftfold_ledger_1"])
            #expect(try await database.status(Ledger.name)?.generation == 1)
        }
    }

    @Test("tells counts, the first rows and the columns that differ, those of one version only, and other types")
    func differs() async throws {
        try await TestDatabase.with { database in
            try await database.note(30)
            try await database.projecting(Ledger()) {
                try await eventually("caught up") { try await database.status(Ledger.name)?.position == 30 }
            }
            let table = "leftfold_ledger_1.ledger"
            try await database.pool.execute("UPDATE \(unsafe: table) SET text = 'forged' WHERE position IN (9, 20)")
            try await database.pool.execute("DELETE FROM \(unsafe: table) WHERE position = 10")
            try await database.pool.execute("INSERT INTO \(unsafe: table) VALUES (99, repeat('x', 2000), '{}')")
            let rebuild = Rebuild(Ledger(), in: database)
            var difference = try await rebuild.difference(showing: 3)
            var ledger = try #require(difference.tables.first)
            #expect((ledger.liveRows, ledger.rows, ledger.added, ledger.removed, ledger.changed) == (30, 30, 1, 1, 2))
            #expect(ledger.key == ["position"])
            #expect(ledger.examples.map(\.key) == [["9"], ["10"], ["20"]])
            #expect(ledger.examples.map(\.change) == [.changed, .added, .changed])
            #expect(ledger.examples[0].columns == [GenerationDifference.Column(name: "text", live: "forged", new: "8")])
            #expect(ledger.examples[1].columns.map(\.name) == ["text", "data"])
            let long = try #require(try await rebuild.difference(showing: 4).tables.first?.examples.last)
            #expect((long.key, long.change, long.columns.first?.live?.count) == (["99"], .removed, 1001))

            var changed = Ledger(version: 2)
            changed.script = """
                CREATE TABLE ledger (position numeric PRIMARY KEY, text text NOT NULL, data json NOT NULL, extra text DEFAULT 'e');
                CREATE TABLE more (a int);
                """
            difference = try await Rebuild(changed, in: database).difference()
            ledger = try #require(difference.tables.first)
            #expect((ledger.added, ledger.removed, ledger.changed) == (1, 1, 2))
            #expect(ledger.columnsOnlyInNew == ["extra"])
            #expect(ledger.retyped == ["position: bigint → numeric"])
            #expect(difference.tablesOnlyInNew == ["more"])
            #expect((difference.liveVersion, difference.version) == (1, 2))
            #expect("\(difference)".contains("changed 9: text forged → 8"))
        }
    }

    @Test("compares tables without a common key as whole rows")
    func withoutKey() async throws {
        try await TestDatabase.with { database in
            var keyless = Ledger()
            keyless.script = "CREATE TABLE ledger (position bigint NOT NULL, text text NOT NULL, data json NOT NULL);"
            try await database.note(3)
            try await database.projecting(keyless) {
                try await eventually("caught up") { try await database.status(Ledger.name)?.position == 3 }
            }
            try await database.pool.execute("UPDATE leftfold_ledger_1.ledger SET text = 'forged' WHERE position = 2")
            let table = try #require(try await Rebuild(keyless, in: database).difference().tables.first)
            #expect((table.liveRows, table.rows, table.added, table.removed, table.changed) == (3, 3, 1, 1, 0))
            #expect(table.key.isEmpty && table.examples.count == 2)
        }
    }

    @Test("of the fold form compares at the position of the live one, where nobody follows that")
    func behind() async throws {
        try await TestDatabase.with { database in
            for _ in 1...3 {
                let user = UUID()
                try await database.change(user, [.created(email: "\(user)@example.org", name: "A")])
            }
            try await database.createReadTables([FoldedDirectory()])
            let difference = try await Rebuild(FoldedDirectory(), in: database).difference()
            #expect(difference.isEmpty)
            #expect(difference.position == .zero)
        }
    }

    @Test("A rebuild shows what differs before the switch, and goes no further where that is refused")
    func review() async throws {
        struct No: Error {}
        try await TestDatabase.with { database in
            try await database.note(3)
            try await database.createReadTables([Ledger()])
            await #expect(throws: No.self) { try await Rebuild(Ledger(), in: database).run(comparing: 1, review: { _ in throw No() }) }
            #expect(try await schemas(database) == ["leftfold_ledger_1"])
            try await database.projecting(Ledger()) {
                try await eventually("caught up") { try await database.status(Ledger.name)?.position == 3 }
                let changed = Ledger(version: 2, mark: "new ")
                let review: @Sendable (GenerationDifference) async throws -> Void = { difference in
                    #expect(difference.tables.map(\.changed) == [3])
                    #expect(difference.tables.first?.examples.count == 1)
                    let number = try await database.status(Ledger.name)?.generation
                    #expect(number == 1)
                }
                let live = try await Rebuild(changed, in: database).run(comparing: 1, review: review)
                #expect(try await database.status(Ledger.name)?.generation == live.number)
            }
        }
    }
}
