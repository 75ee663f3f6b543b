import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import LeftfoldUsers
import LeftfoldUsersReadModel
import Testing

@testable import LeftfoldPostgres

/// The log has lost its end: a follower has applied what is not there any more.
@Suite("A checkpoint beyond the log", .timeLimit(.minutes(10)))
struct LostEndTests {
    private func jumpAhead(_ database: LeftfoldDatabase) async throws {
        _ = try await database.pool.execute("UPDATE leftfold.followers SET position = position + 100")
    }

    @Test("stops the follower, is seen, skips nothing, and a rebuild is the way out")
    func stops() async throws {
        try await TestDatabase.with { database in
            let users = (1...5).map { _ in UUID() }
            for user in users { try await database.change(user, [.created(email: "\(user)@example.org", name: "A")]) }
            try await database.createReadTables([UserDirectory()])
            try await database.projecting(UserDirectory()) {
                try await eventually("all is applied") { try await database.projectionStatuses().first?.eventsBehind == 0 }
            }
            try await jumpAhead(database)
            try await database.projecting(UserDirectory()) {
                try await eventually("it stands") { try await database.projectionStatuses().first?.failure != nil }
                let late = UUID()
                try await database.change(late, [.created(email: "late@example.org", name: "L")])
                let finding = await Health(database, projections: [UserDirectory()]).projectionsAtWork(maximumLag: 60)
                #expect(finding.map(\.healthy) == [false], "\(finding)")
                _ = try await Rebuild(UserDirectory(), in: database).run()
                try await eventually("it is well again") {
                    await Health(database, projections: [UserDirectory()]).projectionsAtWork(maximumLag: 60).allSatisfy(\.healthy)
                }
                try await eventually("and has all") {
                    let users = try await database.pool.execute("SELECT count(*) FROM user_directory").first?.decode(Int64.self)
                    return users == 6
                }
            }
        }
    }

    @Test("cannot be made by a batch")
    func refused() async throws {
        try await TestDatabase.with { database in
            try await database.createReadTables([UserDirectory()])
            let name = try #require(FollowerName(rawValue: "user_directory.1"))
            let taken = try await Lease.take(name, in: database, owner: "test")
            let lease = try #require(taken)
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.execute(lease.advance(to: GlobalPosition(rawValue: 1), touching: .nothing))
            }
            #expect(error?.sqlState == SQLState("LF005"))
        }
    }

    /// Behind a pooler the server may change between the reading of a page and the sending of a batch.
    @Test("nor what was read in another epoch applied")
    func otherEpoch() async throws {
        try await TestDatabase.with { database in
            try await database.createReadTables([UserDirectory()])
            let name = try #require(FollowerName(rawValue: "user_directory.1"))
            var lease = try #require(try await Lease.take(name, in: database, owner: "test"))
            let user = UUID()
            try await database.change(user, [.created(email: "a@example.org", name: "A")])
            let events = try await database.store.read(after: .zero, limit: 10)
            try await database.pool.execute("SELECT leftfold.begin_epoch('a snapshot of the disk was put back')")
            let generation = try await Generations(projection: UserDirectory(), database: database).ensureLive()
            try await database.withConnection(for: name, searchPath: generation.searchPath(database), deadline: .seconds(6)) { connection in
                let writer = try await UserDirectory().form.writer(generation, connection)
                await #expect(throws: LeaseLost.self) { try await writer.take(events[...], &lease, on: connection) }
            }
            #expect(try await database.projectionStatuses().first?.position == .zero)
        }
    }

    @Test("A lease that goes further than a lease can is none")
    func clockWentBack() async throws {
        try await TestDatabase.with { database in
            try await database.createReadTables([UserDirectory()])
            _ = try await database.pool.execute(
                "UPDATE leftfold.followers SET lease_owner = 'ghost', lease_until = clock_timestamp() + interval '1 day'")
            #expect(try await database.projectionStatuses().first?.worker == nil)
            let name = try #require(FollowerName(rawValue: "user_directory.1"))
            #expect(try await Lease.take(name, in: database, owner: "test") != nil)
        }
    }
}
