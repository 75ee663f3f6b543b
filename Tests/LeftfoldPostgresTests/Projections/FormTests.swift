import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import LeftfoldUsers
import LeftfoldUsersReadModel
import Testing

@testable import LeftfoldPostgres

@Suite struct FormTests {
    /// The statement form, the fold form on PostgreSQL and the fold in memory: three ways to one table.
    @Test("On a random log, both forms and the fold in memory come to the same rows", arguments: SeededGenerator.seeds(3))
    func equal(seed: UInt64) async throws {
        try await TestDatabase.with { database in
            var random = SeededGenerator(seed: seed)
            try await database.createReadTables([UserDirectory(), FoldedDirectory()])
            let sizes = (Int.random(in: 1...40, using: &random), Int.random(in: 1...40, using: &random))
            let folded = ProjectionRun(FoldedDirectory())
            try await database.projecting(UserDirectory(), batchSize: sizes.0) {
                try await database.projecting(FoldedDirectory(), batchSize: sizes.1) {
                    try await database.appendRandomUsers(300, using: &random)
                    let head = try await database.store.head()
                    try await eventually("both are there") {
                        let statuses = try await database.projectionStatuses()
                        return statuses.count == 2 && statuses.allSatisfy { $0.position == head }
                    }
                }
            }
            let differences = try await database.pool.execute(
                """
                (TABLE user_directory EXCEPT TABLE folded_directory) UNION ALL (TABLE folded_directory EXCEPT TABLE user_directory)
                """)
            #expect(differences.isEmpty)
            #expect(try await database.rows(of: FoldedDirectory()) == folded.caughtUp(with: database.store).rows)

            for projection in [UserDirectory(), FoldedDirectory()] as [any PostgresProjection] {
                #expect(try await Verification(projection, in: database).run().matches)
                let before = try await database.text(of: projection.tables[0])
                _ = try await Rebuild(projection, in: database, batchSize: Int.random(in: 1...100, using: &random)).run()
                #expect(try await database.text(of: projection.tables[0]) == before)
            }
        }
    }

    @Test("Verification finds a forged row of a fold")
    func verification() async throws {
        try await TestDatabase.with { database in
            var random = SeededGenerator()
            try await database.appendRandomUsers(50, using: &random)
            _ = try await Rebuild(FoldedDirectory(), in: database).run()
            #expect(try await Verification(FoldedDirectory(), in: database).run().matches)
            try await database.pool.execute(
                "UPDATE leftfold_folded_directory_2.folded_directory SET name = 'forged' WHERE id = (SELECT min(id::text)::uuid FROM folded_directory)"
            )
            let report = try await Verification(FoldedDirectory(), in: database).run()
            #expect(report.tables.map(\.missing) == [1])
            #expect(report.tables.map(\.unexpected) == [1])
        }
    }
}

extension ProjectionRun {
    fileprivate func caughtUp(with store: some EventStore) async throws -> Self {
        var run = self
        try await run.catchUp(with: store)
        return run
    }
}

extension LeftfoldDatabase {
    /// The rows of a fold, by key, as they are in its live table.
    func rows<P: TableProjection>(of projection: P) async throws -> [P.Key: P.Row] {
        let generations = Generations(projection: projection, database: self)
        let live = try await generations.ensureLive()
        return try await pool.withConnection { connection in
            let table = try await RowTable.find(projection.table, in: live, on: connection)
            let all = try await connection.execute(
                "SELECT \(fragment: table.fields) FROM \(identifier: live.schema).\(identifier: projection.table) AS t")
            var rows: [P.Key: P.Row] = [:]
            for row in all {
                let (key, value) = try table.decode(P.Key.self, P.Row.self, from: row)
                rows[key] = value
            }
            return rows
        }
    }

    fileprivate func text(of table: String) async throws -> [String] {
        try await pool.execute("SELECT t::text FROM \(identifier: table) AS t ORDER BY 1").map { try $0.decode(String.self) }
    }

    /// What some twenty users may have done.
    func appendRandomUsers(_ count: Int, using random: inout SeededGenerator) async throws {
        var users: [UUID] = []
        for number in 0..<count {
            let creates = users.isEmpty || users.count < 20 && Int.random(in: 0..<4, using: &random) == 0
            if creates { users.append(UUID()) }
            guard let id = creates ? users.last : users.randomElement(using: &random) else { continue }
            let changes: [User.Event] = [
                .renamed(name: "Ünal \(number)"), .emailChanged(email: "u\(number)@example.com"), .deactivated(reason: nil),
                .deactivated(reason: "left"), .reactivated,
            ]
            let event: User.Event =
                creates
                ? .created(email: "U\(number)@example.com", name: "U \(number)") : changes.randomElement(using: &random) ?? .reactivated
            _ = try await store.append(Note.append(to: StreamID<User>(id).name, [EventCodec.encode(event)]))
        }
    }
}
