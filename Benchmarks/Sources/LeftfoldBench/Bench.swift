import LeftfoldDriver

/// What every suite needs: a server, a pgbench, and how much to measure.
struct Bench: Sendable {
    let server: ConnectionConfiguration
    let pgbench: String
    let plan: Plan
}

enum SuiteName: String, CaseIterable, Sendable {
    case write, cpu, read, growth, rebuild, latency, http

    static var all: String { allCases.map(\.rawValue).joined(separator: ", ") }

    var summary: String {
        switch self {
        case .write: "appends and commands against single-row INSERTs"
        case .cpu: "the server's work for an appended command against a plain INSERT of as many rows"
        case .read: "queries and stream loads against prepared SELECTs"
        case .growth: "queries on many users against the same on a hundredth of them"
        case .rebuild: "rebuilding a read table against the server's own INSERT … SELECT"
        case .latency: "from commit to the announced read table against the append itself"
        case .http: "the HTTP edge against a bare route and single-row INSERTs"
        }
    }

    func run(_ bench: Bench, _ scoreboard: inout Scoreboard) async throws {
        switch self {
        case .write: try await WriteSuite(bench: bench).run(&scoreboard)
        case .cpu: try await CPUSuite(bench: bench).run(&scoreboard)
        case .read: try await ReadSuite(bench: bench).run(&scoreboard)
        case .growth: try await GrowthSuite(bench: bench).run(&scoreboard)
        case .rebuild: try await RebuildSuite(bench: bench).run(&scoreboard)
        case .latency: try await LatencySuite(bench: bench).run(&scoreboard)
        case .http: try await HTTPSuite(bench: bench).run(&scoreboard)
        }
    }
}
