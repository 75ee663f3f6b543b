import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldUsersReadModel

/// How long after a command's acknowledgement its read table is committed and announced, with the projector in a process
/// of its own, against how long an append takes at the same pace.
struct LatencySuite {
    let bench: Bench

    private static let callers = 16
    private static let wantedPace = 1000.0

    func run(_ scoreboard: inout Scoreboard) async throws {
        try await BenchDatabase.use(bench, for: .latency) { database in
            try await UserDirectoryService.use(database) { service in
                var seeds = Seeds()
                let pace = try await affordablePace(service, seeds.next())
                for _ in 0..<bench.plan.rounds {
                    let append = try await appending(service, pace)
                    let (accepted, visible) = try await watching(database, service, pace, seeds.next())
                    let floor = "append at the same pace"
                    let rate = "\(Int(pace))/s"
                    scoreboard.record(
                        comparison("command until acknowledged, \(rate)", floor, nil), accepted.median, against: append.median)
                    scoreboard.record(
                        comparison("acknowledged until visible, \(rate)", floor, .atMost(6)), visible, against: append.median)
                }
            }
        }
    }

    /// A third of what the machine can do at most: beyond that we would measure a queue.
    private func affordablePace(_ service: UserDirectoryService, _ seeds: Seeds.Family) async throws -> Double {
        let bus = service.commands
        let capacity = try await Callers(count: Self.callers, duration: .milliseconds(500)).run {
            CommandTraffic(random: seeds.member($0))
        } _: { traffic in
            try await traffic.send(to: bus)
        }
        let third = (capacity.value / 300).rounded(.down) * 100
        return max(100, min(Self.wantedPace, third))
    }

    /// Streams that no projection follows.
    private func appending(_ service: UserDirectoryService, _ pace: Double) async throws -> Figure {
        let store = service.database.store
        return try await Callers(count: Self.callers, duration: bench.plan.duration, pace: pace).run { _ in
            AppendTraffic(category: .probe)
        } _: { traffic in
            try await traffic.append(to: store)
        }
    }

    private func watching(
        _ database: BenchDatabase, _ service: UserDirectoryService, _ pace: Double, _ seeds: Seeds.Family
    ) async throws -> (accepted: Figure, visible: Figure) {
        let projector = try Companion(["project"], environment: database.environment)
        let visibility = Visibility(of: UserDirectory.name)
        let listener = Listener(database.configuration, channels: ["leftfold_checkpoints"], logger: Console.logger)
        let listening = Task { try await listener.run { visibility.receive($0) } }
        defer { listening.cancel() }
        let bus = service.commands

        var first = CommandTraffic(random: seeds.member(Self.callers))
        try await visibility.wait(for: try await first.send(to: bus).position, atMost: .seconds(60))
        visibility.forget()
        let accepted = try await Callers(count: Self.callers, duration: bench.plan.duration, pace: pace).run {
            CommandTraffic(random: seeds.member($0))
        } _: { traffic in
            visibility.acknowledged(try await traffic.send(to: bus).position)
        }
        try await visibility.wait(for: try await first.send(to: bus).position, atMost: .seconds(60))
        try projector.stop()
        return (accepted, Figure(latencies: visibility.latencies))
    }

    private func comparison(_ name: String, _ floor: String, _ wanted: Comparison.Wanted?) -> Comparison {
        Comparison(suite: .latency, name: name, unit: .milliseconds, floor: floor, wanted: wanted)
    }
}
