import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldTesting
import LeftfoldUsers
import LeftfoldUsersReadModel
import Testing

/// Many who ask for something dear.
@Suite struct CrowdedQueryTests {
    /// Is read until the lock is free.
    private struct SearchForLong: PostgresQuery {
        typealias Answer = Int
        static let permission: Permission = "users:read"
        static let reads = [UserDirectory.name]
        static let caching = QueryCaching.off
        static let timeout = Duration.seconds(120)
        static let maximumRunning = 4
        let number: Int
        var statement: SQL { "SELECT pg_advisory_xact_lock_shared(4711)::text" }
        func answer(_ rows: Rows) throws -> Int { number }
    }

    private let context = QueryContext(principal: Principal(subject: "tester", roles: ["admin"]), correlationID: "test")

    @Test("400 searches at once hold as many connections as their kind may, and users are found beside them", .timeLimit(.minutes(10)))
    func searches() async throws {
        try await TestDatabase.with { database in
            try await database.createReadTables([UserDirectory()])
            let models = ReadModels(database)
            let queries = QueryBus(
                policy: RolePolicy([:], unrestricted: ["admin"]),
                handlers: [models.handler(for: SearchForLong.self), models.handler(for: GetUser.self)])
            try await database.pool.withConnection { holder in
                _ = try await holder.execute("SELECT pg_advisory_lock(4711)::text")
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<400 {
                        group.addTask { [context] in try await queries.ask(SearchForLong(number: number), context).value }
                    }
                    func held() async throws -> Int64 {
                        let rows: Rows = try await holder.execute(
                            """
                            SELECT count(*) AS held FROM pg_locks
                            WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted
                                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                            """)
                        return try rows[0]["held"].decode()
                    }
                    try await eventually("as many are read as may be") { try await held() == 4 }
                    for _ in 0..<50 {
                        await #expect(throws: NotFound.self) { try await queries.ask(GetUser(id: UUID()), context) }
                    }
                    #expect(try await held() == 4)
                    _ = try await holder.execute("SELECT pg_advisory_unlock(4711)")
                    var answered: Set<Int> = []
                    for try await number in group { answered.insert(number) }
                    #expect(answered.count == 400)
                }
            }
        }
    }

    @Test("What the service has that is dear leaves connections to what is cheap")
    func room() {
        #expect(ListUsers.maximumRunning + GetUserHistory.maximumRunning < 10)
    }
}
