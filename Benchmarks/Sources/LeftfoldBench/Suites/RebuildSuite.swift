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
            var small: [RebuildCommand.Work: RebuildCommand.Result] = [:]
            for work in Self.forms.map(\.work) { small[work] = try await run(work, database) }
            if tenth < users { try await log.append(users: (tenth + 1)...users, eventsEach: Self.eventsPerUser) }
            for _ in 0..<bench.plan.rounds { try await round(database, users * Self.eventsPerUser, small, &scoreboard) }
        }
    }

    /// How a read table is built, and how much of F3 that should be.
    private static let forms: [(work: RebuildCommand.Work, name: String, wanted: Double)] = [
        (.rebuild, "UserDirectory, statement form", 0.25), (.fold, "UserDirectory, fold form", 0.5), (.wide, "wide rows, fold form", 0.5),
    ]

    private func round(
        _ database: BenchDatabase, _ events: Int, _ small: [RebuildCommand.Work: RebuildCommand.Result], _ scoreboard: inout Scoreboard
    ) async throws {
        let directory = try await RebuildFloor.directory(database, events).run()
        let wide = try await RebuildFloor.wide(database, events).run()
        for form in Self.forms {
            let rebuild = try await run(form.work, database)
            scoreboard.record(
                comparison("rebuild \(form.name)", .perSecond, "F3", .atLeast(form.wanted)),
                Figure(Double(events) / rebuild.seconds), against: form.work == .wide ? wide : directory)
            if let small = small[form.work] {
                scoreboard.record(
                    comparison("peak memory, \(form.name)", .megabytes, "a tenth of the log", .atMost(1.25)),
                    Figure(rebuild.peakMegabytes), against: Figure(small.peakMegabytes))
            }
        }
        let paging = try await run(.paging, database)
        scoreboard.record(
            comparison("read the log page by page", .perSecond, "F3", nil), Figure(Double(events) / paging.seconds), against: directory)
    }

    private func run(_ work: RebuildCommand.Work, _ database: BenchDatabase) async throws -> RebuildCommand.Result {
        let output = try await Program.run(Program.own, ["rebuild", work.rawValue], environment: database.environment)
        return try JSONDecoder().decode(RebuildCommand.Result.self, from: Data(output.utf8))
    }

    private func comparison(_ name: String, _ unit: Comparison.Unit, _ floor: String, _ wanted: Comparison.Wanted?) -> Comparison {
        Comparison(suite: .rebuild, name: name, unit: unit, floor: floor, wanted: wanted)
    }
}
