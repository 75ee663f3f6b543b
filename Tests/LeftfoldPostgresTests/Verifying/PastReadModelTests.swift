import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import LeftfoldUsersReadModel
import Testing

@testable import LeftfoldPostgres

@Suite("A read model as it was", .timeLimit(.minutes(10))) struct PastReadModelTests {
    @Test("is a fold of the log up to there, in both forms", arguments: SeededGenerator.seeds(2))
    func equal(seed: UInt64) async throws {
        try await TestDatabase.with { database in
            var random = SeededGenerator(seed: seed)
            try await database.appendRandomUsers(150, using: &random)
            for projection in [UserDirectory(), FoldedDirectory()] as [any PostgresProjection] {
                let model = PastReadModel(projection, in: database)
                for _ in 0..<3 {
                    let position = GlobalPosition(rawValue: Int64.random(in: 0...150, using: &random))
                    var run = ProjectionRun(FoldedDirectory())
                    try run.apply(try await database.store.read(after: .zero, limit: Int(position.rawValue)))
                    let built = try await model.build(at: .position(position))
                    #expect(built.position == position)
                    let rows = try await model.rows(of: built, limit: 1000)
                    let names = try rows.map { try JSONDecoder().decode(Person.self, from: Data($0.bytes)) }
                    let expected = run.rows.map { Person(id: $0.key, name: $0.value.name, version: $0.value.version) }
                    #expect(Set(names) == Set(expected) && names.count == expected.count)
                    // With psql, too.
                    let count = try await database.pool.execute(
                        "SELECT count(*) FROM \(identifier: built.schema).\(identifier: projection.tables[0])"
                    ).first?.decode(Int.self)
                    #expect(count == expected.count)
                }
            }
        }
    }

    private struct Person: Codable, Hashable {
        var id: UUID
        var name: String
        var version: StreamVersion
    }

    @Test("of a time has all up to the last event that was recorded then; of what is to come there is none")
    func times() async throws {
        try await TestDatabase.with { database in
            try await database.note(3)
            let before = try #require(try await database.store.read(after: 1, limit: 1).first?.recordedAt)
            let model = PastReadModel(Board(), in: database)
            #expect(try await model.build(at: .time(before)).position == 2)
            #expect(try await model.build(at: .time(Date(timeIntervalSince1970: 0))).position == 0)
            let future = await #expect(throws: OperationRefused.self) { try await model.build(at: .time(Date().addingTimeInterval(3600))) }
            #expect(future?.code == "time_to_come")
            let beyond = await #expect(throws: OperationRefused.self) { try await model.build(at: .position(4)) }
            #expect(beyond?.code == "position_beyond_log")
        }
    }

    @Test("is built once for a position, and stands until it is dropped, or until whoever builds next finds it too old")
    func kept() async throws {
        try await TestDatabase.with { database in
            try await database.note(3)
            let model = PastReadModel(Ledger(), in: database)
            let built = try await model.build(at: .position(2), keptFor: .seconds(60))
            let again = try await model.build(at: .position(2), keptFor: .seconds(3600))
            #expect(again.schema == built.schema && again.keptUntil > built.keptUntil)
            #expect(try await model.rows(of: built, key: ["2"], limit: 10).count == 1)
            #expect(try await model.rows(of: built, key: ["3"], limit: 10).isEmpty)
            let other = try await model.build(at: .position(3))
            #expect(try await model.rows(of: other, limit: 2).count == 2)
            let ours = try await database.scratches()
            #expect(Set(ours) == [built.schema, other.schema])

            try await database.pool.execute(
                "UPDATE leftfold.scratches SET kept_until = clock_timestamp() - interval '1 second' WHERE name = \(built.schema)")
            _ = try await Explanation(Board(), in: database).run(["x"])
            let young = try await database.scratches()
            #expect(young == [other.schema])
            #expect(try await model.dropAll() == [other.schema])
            let none = try await database.scratches()
            #expect(none.isEmpty)
            // Without one: what is live.
            _ = try await Rebuild(Ledger(), in: database).run()
            #expect(try await model.rows(of: nil, limit: 10).count == 3)
        }
    }
}
