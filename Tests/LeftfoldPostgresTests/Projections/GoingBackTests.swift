import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

@testable import LeftfoldPostgres

/// A generation that is followed although another one is live, and the way back to it.
@Suite("The way back to a kept generation", .timeLimit(.minutes(10)))
struct GoingBackTests {
    private let old = Ledger(version: 1)
    private let new = Ledger(version: 2, mark: "new ")

    /// What queries see, and who made it.
    private func texts(_ database: LeftfoldDatabase) async throws -> [String] {
        try await database.pool.execute("SELECT text FROM ledger ORDER BY position").map { try $0.decode(String.self) }
    }

    private func position(_ number: Int, in database: LeftfoldDatabase) async throws -> GlobalPosition? {
        try await database.projectionStatuses(retired: true).first { $0.generation == number }?.position
    }

    private func states(_ database: LeftfoldDatabase) async throws -> [String] {
        try await database.projectionStatuses(retired: true).map { "\($0.generation) \($0.state)" }
    }

    @Test("and forth is open to programs of either version, while writes and projectors of both go on")
    func backAndForth() async throws {
        try await TestDatabase.with { database in
            try await database.note(20)
            try await database.projecting(old) {
                try await database.projecting(new) {
                    _ = try await Rebuild(new, in: database, keeping: .untilDropped).run()
                    #expect(try await states(database) == ["1 kept", "2 live"])
                    try await database.note(10)
                    let head = try await database.store.head()
                    for number in 1...2 {
                        try await eventually("generation \(number) is up to date") { try await position(number, in: database) == head }
                    }
                    #expect(try await texts(database).allSatisfy { $0.hasPrefix("new ") })
                    for (number, program) in [(1, new), (2, old), (1, old)] {
                        let live = try await Rollback(program, in: database).run(by: "ada", because: "tests")
                        #expect(live.number == number)
                        let head = try await database.store.head()
                        #expect(try await database.ledger() == Array(1...head.rawValue))
                        #expect(try await texts(database).allSatisfy { $0.hasPrefix("new ") == (number == 2) })
                        try await database.note(5)
                        let next = try await database.store.head()
                        try await eventually("the live one goes on") { try await database.status(Ledger.name)?.position == next }
                    }
                    #expect(try await states(database) == ["1 live", "2 kept"])
                    let operations = try await database.operations(of: Ledger.name).map {
                        "\($0.operation) \($0.principal) \($0.reason ?? "")"
                    }
                    #expect(operations.filter { $0 == "rollback ada tests" }.count == 3)
                }
            }
        }
    }

    @Test("is refused where nothing is kept, and dropped only when somebody says so")
    func dropping() async throws {
        try await TestDatabase.with { database in
            try await database.note(2)
            _ = try await Rebuild(old, in: database).run()
            for number in [nil, 1] as [Int?] {
                let refused = await #expect(throws: OperationRefused.self) {
                    try await Rollback(old, in: database, to: number).run(by: "ada", because: "tests")
                }
                #expect(refused?.code == "nothing_kept")
            }
            for _ in 1...3 { _ = try await Rebuild(old, in: database, keeping: .untilDropped).run() }
            #expect(try await states(database) == ["1 retired", "2 kept", "3 kept", "4 kept", "5 live"])
            let unclear = await #expect(throws: OperationRefused.self) {
                try await database.drop(of: Ledger.name, by: "ada", because: "tests")
            }
            #expect(unclear?.code == "no_such_generation")
            for number in 2...4 {
                #expect(try await database.drop(generation: number, of: Ledger.name, by: "ada", because: "tests") == number)
            }
            #expect(try await database.drop(of: Ledger.name, by: "ada", because: "tests") == 1)
            await #expect(throws: OperationRefused.self) {
                try await database.drop(generation: 5, of: Ledger.name, by: "ada", because: "tests")
            }
            #expect(try await states(database) == ["5 live"])
            #expect(try await database.ledger() == [1, 2])
            // Where it was dropped from under its projector.
            try await database.note(1)
            try await database.projecting(old) {
                try await eventually("it goes on") { try await database.ledger() == [1, 2, 3] }
            }
        }
    }

    @Test("does not make a switch to a new one wait for it, however far it is")
    func ahead() async throws {
        try await TestDatabase.with { database in
            try await database.note(2)
            _ = try await Rebuild(old, in: database, keeping: .untilDropped).run()
            try await database.note(2)
            // Nobody follows the live one; the kept one goes on.
            let generations = Generations(projection: old, database: database)
            let kept = try #require(try await generations.kept(ofVersion: 1).first)
            let lease = try #require(try await Lease.take(kept.follower, in: database, owner: "test"))
            try await database.pool.execute(lease.advance(to: 4, touching: .nothing))
            #expect(try await Rebuild(old, in: database).run().number == 3)
            #expect(try await states(database) == ["1 kept", "2 retired", "3 live"])
        }
    }
}
