import Foundation

/// Events per second from event zero to a switched read table, and the memory that takes.
struct RebuildSuite {
    let bench: Bench

    private static let eventsPerUser = 5

    func run(_ scoreboard: inout Scoreboard) async throws {
        try await BenchDatabase.use(bench, for: .rebuild) { database in
            let users = bench.plan.events / Self.eventsPerUser
            let tenth = max(1, users / 10)
            let log = SyntheticLog(database: database)
            try await log.append(users: 1...tenth, eventsEach: Self.eventsPerUser)
            let small = try await run(.rebuild, database)
            try await log.append(users: (tenth + 1)...users, eventsEach: Self.eventsPerUser)

            let floor = RebuildFloor(database: database, events: users * Self.eventsPerUser)
            for _ in 0..<bench.plan.rounds { try await round(database, floor, small, &scoreboard) }
        }
    }

    private func round(
        _ database: BenchDatabase, _ floor: RebuildFloor, _ small: RebuildCommand.Result, _ scoreboard: inout Scoreboard
    ) async throws {
        let insert = try await floor.run()
        let rebuild = try await run(.rebuild, database)
        scoreboard.record(
            comparison("rebuild UserDirectory, SQL form", .perSecond, "F3", .atLeast(0.1)),
            Figure(Double(floor.events) / rebuild.seconds), against: insert)
        let paging = try await run(.paging, database)
        scoreboard.record(
            comparison("read the log page by page", .perSecond, "F3", nil),
            Figure(Double(floor.events) / paging.seconds), against: insert)
        scoreboard.record(
            comparison("peak memory of the rebuild", .megabytes, "a tenth of the log", .atMost(1.25)),
            Figure(rebuild.peakMegabytes), against: Figure(small.peakMegabytes))
    }

    private func run(_ work: RebuildCommand.Work, _ database: BenchDatabase) async throws -> RebuildCommand.Result {
        let output = try await Program.run(Program.own, ["rebuild", work.rawValue], environment: database.environment)
        return try JSONDecoder().decode(RebuildCommand.Result.self, from: Data(output.utf8))
    }

    private func comparison(_ name: String, _ unit: Comparison.Unit, _ floor: String, _ wanted: Comparison.Wanted?) -> Comparison {
        Comparison(suite: .rebuild, name: name, unit: unit, floor: floor, wanted: wanted)
    }
}
