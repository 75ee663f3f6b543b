import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldTesting
import LeftfoldUsers
import Testing

/// The built program's `rebuild`, killed as the machine would.
@Suite(.serialized) struct RebuildKilledTests {
    @Test(
        "A rebuild killed with -9 at random leaves the live table alone; a later one builds it anew and clears away",
        arguments: SeededGenerator.seeds(1))
    func killed(seed: UInt64) async throws {
        try await Deployment.lend { deployment in
            let database = LeftfoldDatabase(deployment.configuration, logger: TestDatabase.quiet)
            try await database.createUsers(8000)
            _ = try await deployment.run("rebuild", "user_directory")
            var random = SeededGenerator(seed: seed)
            var finished = 0
            for _ in 0..<6 {
                let rebuild = try deployment.start("rebuild", "user_directory")
                try await Task.sleep(for: .milliseconds(Int.random(in: 20...900, using: &random)))
                rebuild.send(SIGKILL)
                if try await rebuild.end() == 0 { finished += 1 }
                #expect(try await database.liveRows() == 8000, "killed rebuilds: the live table is whole")
                #expect(try await database.liveGenerations() == 1)
            }

            // The server still executes what had arrived from the killed, such as the taking of a lease.
            try await eventually("the server has noticed who is gone") {
                try await database.pool.execute(
                    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'users%'"
                ).isEmpty
            }
            // Who was killed has its lease for five seconds more, or ten to take it; then the next rebuild clears away what
            // it left.
            try await eventually("nobody works on what is left", within: .seconds(90)) {
                try await database.pool.execute(
                    """
                    SELECT FROM leftfold.generations AS g JOIN leftfold.followers AS f ON f.name = g.follower
                    WHERE g.state = 'building' AND coalesce(f.lease_until, f.created_at + interval '1 minute') >= clock_timestamp()
                    """
                ).isEmpty
            }
            _ = try await deployment.run("rebuild", "user_directory")
            #expect(try await database.projectionStatuses().filter { $0.projection == "user_directory" }.map(\.state) == ["live"])
            #expect(try await database.liveRows() == 8000)
            // The live one, and the one before it.
            let schemas = try await database.pool.execute(
                "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'leftfold\\_user\\_directory\\_%'")
            let count: Int? = try schemas.first?.decode(Int.self)
            #expect(count == 2)
            _ = try await deployment.run("projections", "verify", "user_directory")
            await database.close()
        }
    }
}

extension LeftfoldDatabase {
    fileprivate func createUsers(_ count: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for part in 0..<16 {
                group.addTask {
                    for number in stride(from: part, to: count, by: 16) {
                        let (id, context) = (UUID(), CommandContext(principal: Principal(subject: "tester")))
                        let events = [try EventCodec.encode(User.Event.created(email: "u\(number)@example.com", name: "U"))]
                        let command = CommandRecord(name: "CreateUser", context: context, content: Array("\(id)".utf8))
                        _ = try await store.append(
                            Append(command, StreamWrite(StreamID<User>(id).name, expected: .noStream, events: events)))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    fileprivate func liveRows() async throws -> Int? {
        try await pool.execute("SELECT count(*) FROM user_directory").first?.decode(Int.self)
    }

    fileprivate func liveGenerations() async throws -> Int? {
        try await pool.execute("SELECT count(*) FROM leftfold.generations WHERE projection = 'user_directory' AND state = 'live'")
            .first?.decode(Int.self)
    }
}
