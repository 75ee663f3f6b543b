import LeftfoldDriver

/// What an appended command costs the server, in CPU time of its backend: the steadiest figure on a shared machine. Called
/// back to back on one connection; ours and the plain INSERT of as many rows take turns, block by block.
struct CPUSuite {
    let bench: Bench

    private static let wanted: [(batch: Int, ratio: Double)] = [(1, 1.9), (2, 2.1), (8, 2.1), (32, 2.1), (128, 2.0)]
    private static let blocks = 10

    func run(_ scoreboard: inout Scoreboard) async throws {
        try await BenchDatabase.use(bench, for: .cpu) { database in
            try await database.run(PlainInsert.table)
            var configuration = database.configuration
            // As the functions have it: a plan that is made anew for every call is not what is measured.
            configuration.settings["plan_cache_mode"] = "force_generic_plan"
            let connection = try await Connection.connect(configuration, logger: Console.logger)
            let backend = try await BackendTime(of: connection)
            for _ in 0..<bench.plan.rounds {
                for (batch, ratio) in Self.wanted {
                    let (ours, plain) = try await measure(batch, on: connection, backend)
                    scoreboard.record(
                        Comparison(
                            suite: .cpu, name: "append, batch of \(batch)", unit: .microsecondsOfCPU, floor: "plain INSERT of \(batch)",
                            wanted: .atMost(ratio)),
                        ours, against: plain)
                }
            }
            await connection.close()
        }
    }

    private func measure(_ batch: Int, on connection: Connection, _ backend: BackendTime) async throws -> (ours: Figure, plain: Figure) {
        let block = bench.plan.duration / (2 * Self.blocks)
        var (ours, plain) = (Spent(), Spent())
        for number in 0...Self.blocks {
            let counts = number > 0  // the first block warms up
            let a = try await spend(block, batch, on: connection, backend, AppendCalls.call(commands:))
            let b = try await spend(block, batch, on: connection, backend, PlainInsert.call(rows:))
            if counts { (ours, plain) = (ours + a, plain + b) }
        }
        return (Figure(ours.microsecondsEach), Figure(plain.microsecondsEach))
    }

    private struct Spent {
        var nanoseconds: Int64 = 0
        var commands = 0

        var microsecondsEach: Double { Double(nanoseconds) / 1000 / Double(max(commands, 1)) }

        static func + (a: Self, b: Self) -> Self { Self(nanoseconds: a.nanoseconds + b.nanoseconds, commands: a.commands + b.commands) }
    }

    private func spend(
        _ time: Duration, _ batch: Int, on connection: Connection, _ backend: BackendTime, _ call: (Int) -> SQL
    ) async throws -> Spent {
        let calls = (0..<64).map { _ in call(batch) }
        var spent = Spent()
        let end = ContinuousClock.now + time
        let before = try backend.nanoseconds()
        for call in calls {
            try await connection.execute(call)
            spent.commands += batch
            if ContinuousClock.now > end { break }
        }
        spent.nanoseconds = try backend.nanoseconds() - before
        return spent
    }
}
