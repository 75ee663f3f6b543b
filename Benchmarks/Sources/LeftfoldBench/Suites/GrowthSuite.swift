import Foundation
import Leftfold
import LeftfoldPostgres
import LeftfoldTesting
import LeftfoldUsers
import LeftfoldUsersReadModel

/// What queries cost on a hundred times as many users. Nothing is kept.
struct GrowthSuite {
    let bench: Bench

    private static let factor = 100
    private static let pageSize = 2
    private static let page = 10_000

    private struct Costs {
        let user: Figure
        let firstPage: Figure
        let deepPage: Figure
        let prefix: Figure
    }

    func run(_ scoreboard: inout Scoreboard) async throws {
        let many = bench.plan.manyUsers
        let few = max(100, many / Self.factor)
        let small = try await costs(few)
        let large = try await costs(many)
        for (index, before) in small.enumerated() where index < large.count {
            let after = large[index]
            func record(_ what: String, _ figure: KeyPath<Costs, Figure>, _ bound: Double?) {
                scoreboard.record(
                    Comparison(
                        suite: .growth, name: "\(what), \(many) users", unit: .milliseconds, floor: "\(few) users",
                        wanted: bound.map { .atMost($0) }), after[keyPath: figure], against: before[keyPath: figure])
            }
            record("GetUser", \.user, 1.5)
            record("ListUsers, first page", \.firstPage, 1.5)
            record("ListUsers by prefix", \.prefix, nil)
            scoreboard.record(
                Comparison(
                    suite: .growth, name: "ListUsers, page \(min(Self.page, many / Self.pageSize)) by cursor, \(many) users",
                    unit: .milliseconds, floor: "page 1", wanted: .atMost(1.5)), after.deepPage, against: after.firstPage)
        }
    }

    private func costs(_ users: Int) async throws -> [Costs] {
        var all: [Costs] = []
        try await BenchDatabase.use(bench, for: .growth) { database in
            try await SyntheticLog(database: database).append(users: 1...users, eventsEach: 1)
            try await UserDirectoryService.use(database) { service in
                try await service.fillReadTables()
                try await database.run("VACUUM (ANALYZE)")
                let ids = try await service.userIDs()
                let deep = try await service.cursor(behind: (min(Self.page, users / Self.pageSize) - 1) * Self.pageSize)
                var seeds = Seeds()
                for _ in 0..<bench.plan.rounds {
                    all.append(
                        Costs(
                            user: try await median(service, &seeds) { GetUser(id: ids[Int.random(in: ids.indices, using: &$0)]) },
                            firstPage: try await median(service, &seeds) { _ in ListUsers(limit: Self.pageSize) },
                            deepPage: try await median(service, &seeds) { _ in ListUsers(limit: Self.pageSize, cursor: deep) },
                            prefix: try await median(service, &seeds) {
                                ListUsers(limit: Self.pageSize, prefix: "user \(Int.random(in: 1...users, using: &$0))")
                            }))
                }
            }
        }
        return all
    }

    private func median<Q: Query>(
        _ service: UserDirectoryService, _ seeds: inout Seeds, _ query: @escaping @Sendable (inout SeededGenerator) -> Q
    ) async throws -> Figure {
        let (bus, family) = (service.queries, seeds.next())
        let context = QueryContext(principal: UserDirectoryService.editor, correlationID: "bench")
        return try await Callers(count: 1, duration: bench.plan.duration).run {
            family.member($0)
        } _: { random in
            _ = try await bus.ask(query(&random), context)
        }.median
    }
}
