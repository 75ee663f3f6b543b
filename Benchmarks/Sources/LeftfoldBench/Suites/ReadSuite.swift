import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldTesting
import LeftfoldUsers
import LeftfoldUsersReadModel

/// Queries per second, read and kept, and how long loading a stream takes.
struct ReadSuite {
    let bench: Bench

    private static let longStreams = 50
    private static let pageSize = 2
    private static let page = 10_000

    func run(_ scoreboard: inout Scoreboard) async throws {
        let users = bench.plan.users
        try await BenchDatabase.use(bench, for: .read) { database in
            let log = SyntheticLog(database: database)
            try await log.append(users: 1...users, eventsEach: 1)
            try await UserDirectoryService.use(database) { service in
                try await service.fillReadTables()
                try await log.append(users: (users + 1)...(users + Self.longStreams), eventsEach: 1000)
                let floors = try await SelectFloors(bench, database, users: users)
                let ids = try await service.userIDs()
                var seeds = Seeds()
                for _ in 0..<bench.plan.rounds {
                    try await queries(service, floors, ids, &seeds, &scoreboard)
                    try await streams(service, floors, &scoreboard)
                }
            }
        }
    }

    private func queries(
        _ service: UserDirectoryService, _ floors: SelectFloors, _ ids: [UUID], _ seeds: inout Seeds, _ scoreboard: inout Scoreboard
    ) async throws {
        for (callers, clients) in [(1, 1), (8, 8), (32, 8)] {
            let select = try await floors.user(clients: clients)
            let floor = "F2, \(clients) client\(clients == 1 ? "" : "s")"
            let count = "\(callers) caller\(callers == 1 ? "" : "s")"
            scoreboard.record(
                comparison("the driver alone, \(count)", floor, nil),
                try await selecting(service, callers, ids.count, seeds.next()), against: select)
            scoreboard.record(
                comparison("GetUser, \(count), no cache", floor, callers == 1 ? nil : .atLeast(0.5)),
                try await asking(service, callers, seeds.next()) { random in
                    GetUser(id: ids[Int.random(in: ids.indices, using: &random)])
                }, against: select)
            // As many as are kept at once.
            let few = Array(ids.prefix(1000))
            scoreboard.record(
                comparison("GetUser, \(count), cached", floor, callers == 32 ? nil : .atLeast(10)),
                try await asking(service, callers, seeds.next(), cached: true) { random in
                    GetUser(id: few[Int.random(in: few.indices, using: &random)])
                }, against: select)
        }
        let page = try await floors.page(clients: 8)
        scoreboard.record(
            comparison("ListUsers, first page of 50, 8 callers, cached", "the same SELECT, 8 clients", .atLeast(10)),
            try await asking(service, 8, seeds.next(), cached: true) { _ in ListUsers(limit: 50) }, against: page)
        scoreboard.record(
            comparison("ListUsers, first page of 50, 8 callers", "the same SELECT, 8 clients", nil),
            try await asking(service, 8, seeds.next()) { _ in ListUsers(limit: 50) }, against: page)

        let last = min(Self.page - 1, ids.count / Self.pageSize - 1)
        let first = try await asking(service, 1, seeds.next()) { _ in ListUsers(limit: Self.pageSize) }
        let cursor = try await service.cursor(behind: last * Self.pageSize)
        let deep = try await asking(service, 1, seeds.next()) { _ in ListUsers(limit: Self.pageSize, cursor: cursor) }
        scoreboard.record(
            comparison("ListUsers, page \(last + 1) by cursor, 1 caller", "page 1", .atMost(1.5), .milliseconds),
            deep.median, against: first.median)
    }

    private func streams(_ service: UserDirectoryService, _ floors: SelectFloors, _ scoreboard: inout Scoreboard) async throws {
        let select = try await floors.stream(from: bench.plan.users + 1, to: bench.plan.users + Self.longStreams)
        let store = service.database.store
        let names = try await longStreams(service)
        let duration = bench.plan.duration
        let read = try await Callers(count: 1, duration: duration).run { _ in
            0
        } _: { next in
            let events = try await store.read(names[next % names.count])
            guard events.count == 1000 else { throw Unexpected(description: "a stream has \(events.count) events") }
            next += 1
        }
        let replay = try await Callers(count: 1, duration: duration).run { _ in
            0
        } _: { next in
            let events = try await store.read(names[next % names.count])
            let user = User(replaying: try events.flatMap { try $0.decode(as: User.self) })
            guard user.status == .active else { throw Unexpected(description: "a user is not active") }
            next += 1
        }
        let floor = "the same SELECT, 1 client"
        scoreboard.record(comparison("read a stream of 1000", floor, .atMost(2.5), .milliseconds), read.median, against: select.median)
        scoreboard.record(
            comparison("read, decode and fold a stream of 1000", floor, .atMost(2.5), .milliseconds), replay.median, against: select.median)
    }

    /// The statement of F2, through our driver and its pool.
    private func selecting(_ service: UserDirectoryService, _ callers: Int, _ users: Int, _ seeds: Seeds.Family) async throws -> Figure {
        let pool = service.database.pool
        return try await Callers(count: callers, duration: bench.plan.duration).run {
            seeds.member($0)
        } _: { random in
            let number = Int64.random(in: 1...Int64(users), using: &random)
            let rows = try await pool.execute(
                "SELECT \(unsafe: SelectFloors.columns) FROM floor_users WHERE number = \(number)")
            guard rows.count == 1 else { throw Unexpected(description: "a user is missing") }
        }
    }

    private func asking<Q: Query>(
        _ service: UserDirectoryService, _ callers: Int, _ seeds: Seeds.Family, cached: Bool = false,
        _ query: @escaping @Sendable (inout SeededGenerator) -> Q
    ) async throws -> Figure {
        let bus = cached ? service.cachedQueries : service.queries
        let context = QueryContext(principal: UserDirectoryService.editor, correlationID: "bench")
        return try await Callers(count: callers, duration: bench.plan.duration).run {
            seeds.member($0)
        } _: { random in
            _ = try await bus.ask(query(&random), context)
        }
    }

    private func longStreams(_ service: UserDirectoryService) async throws -> [StreamName] {
        try await service.database.pool.execute("SELECT stream FROM leftfold.events WHERE version = 1000 ORDER BY position").map {
            guard let name = StreamName(rawValue: try $0.decode(String.self)) else { throw Unexpected(description: "a bad stream name") }
            return name
        }
    }

    private func comparison(
        _ name: String, _ floor: String, _ wanted: Comparison.Wanted?, _ unit: Comparison.Unit = .perSecond
    ) -> Comparison {
        Comparison(suite: .read, name: name, unit: unit, floor: floor, wanted: wanted)
    }
}
