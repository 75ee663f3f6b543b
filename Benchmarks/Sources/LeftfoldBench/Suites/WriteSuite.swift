import LeftfoldPostgres

/// Commands per second. Floors and the real thing take turns, so that what else happens on the machine meets both.
struct WriteSuite {
    let bench: Bench

    /// The ratios to F1 that we want, by the number of callers.
    private static let wanted: [(callers: Int, append: Double, bus: Double)] = [
        (1, 0.6, 0.5), (8, 0.8, 0.65), (32, 1.2, 1.0), (128, 1.6, 1.3),
    ]

    func run(_ scoreboard: inout Scoreboard) async throws {
        try await BenchDatabase.use(bench, for: .write) { database in
            let floor = try await InsertFloor(bench, database)
            try await UserDirectoryService.use(database) { service in
                var seeds = Seeds()
                for _ in 0..<bench.plan.rounds { try await round(service, floor, &seeds, &scoreboard) }
            }
        }
    }

    private func round(
        _ service: UserDirectoryService, _ floor: InsertFloor, _ seeds: inout Seeds, _ scoreboard: inout Scoreboard
    ) async throws {
        for (callers, append, bus) in Self.wanted {
            let clients = min(callers, 32)
            let insert = try await floor.run(clients: clients)
            scoreboard.record(
                comparison("append, \(Self.count(callers))", clients, append),
                try await appending(service, callers), against: insert)
            scoreboard.record(
                comparison("command bus, \(Self.count(callers))", clients, bus),
                try await sending(service, callers, seeds.next()), against: insert)
        }
        let insert = try await floor.run(clients: 8)
        scoreboard.record(
            comparison("command bus, 64 callers, one stream", 8, 0.75),
            try await crowding(service, 64, seeds.next()), against: insert)
    }

    private func appending(_ service: UserDirectoryService, _ count: Int) async throws -> Figure {
        let store = service.database.store
        return try await Callers(count: count, duration: bench.plan.duration).run { _ in
            AppendTraffic(category: .user)
        } _: { traffic in
            try await traffic.append(to: store)
        }
    }

    private func sending(_ service: UserDirectoryService, _ count: Int, _ seeds: Seeds.Family) async throws -> Figure {
        let bus = service.commands
        return try await Callers(count: count, duration: bench.plan.duration).run {
            CommandTraffic(random: seeds.member($0))
        } _: { traffic in
            try await traffic.send(to: bus)
        }
    }

    private func crowding(_ service: UserDirectoryService, _ count: Int, _ seeds: Seeds.Family) async throws -> Figure {
        let bus = service.commands
        var first = CommandTraffic(random: seeds.member(count))
        let user = try await first.createUser(on: bus)
        return try await Callers(count: count, duration: bench.plan.duration).run {
            CommandTraffic(random: seeds.member($0), only: user)
        } _: { traffic in
            try await traffic.send(to: bus)
        }
    }

    private func comparison(_ name: String, _ clients: Int, _ wanted: Double) -> Comparison {
        Comparison(suite: .write, name: name, unit: .perSecond, floor: InsertFloor.name(clients), wanted: .atLeast(wanted))
    }

    private static func count(_ callers: Int) -> String { callers == 1 ? "1 caller" : "\(callers) callers" }
}
