import Foundation
import Hummingbird
import Leftfold
import LeftfoldHTTP
import LeftfoldPostgres
import LeftfoldTesting
import LeftfoldUsersReadModel

/// Requests per second through the real edge, with the load generator on the same cores.
struct HTTPSuite {
    let bench: Bench

    private static let connections = 64

    func run(_ scoreboard: inout Scoreboard) async throws {
        try await BenchDatabase.use(bench, for: .http) { database in
            try await SyntheticLog(database: database).append(users: 1...bench.plan.users, eventsEach: 1)
            let insert = try await InsertFloor(bench, database)
            try await UserDirectoryService.use(database) { service in
                try await service.fillReadTables()
                let ids = try await service.userIDs().map { $0.uuidString.lowercased() }
                let edge = try await EdgeUnderTest(service, cached: false)
                let cachedEdge = try await EdgeUnderTest(service, cached: true)
                try await Serving.use({ BareServer.application(onStart: $0) }) { barePort in
                    try await Serving.use({ edge.application(onStart: $0) }) { port in
                        try await Serving.use({ cachedEdge.application(onStart: $0) }) { cachedPort in
                            let targets = Targets(
                                bare: barePort, edge: port, cachedEdge: cachedPort, token: edge.token, cachedToken: cachedEdge.token,
                                ids: ids)
                            for round in 0..<bench.plan.rounds { try await self.round(round, targets, insert, &scoreboard) }
                        }
                    }
                }
            }
        }
    }

    private struct Targets {
        let bare: Int
        let edge: Int
        let cachedEdge: Int
        let token: String
        let cachedToken: String
        let ids: [String]
    }

    private func round(_ round: Int, _ targets: Targets, _ insert: InsertFloor, _ scoreboard: inout Scoreboard) async throws {
        let (token, ids) = (targets.token, targets.ids)
        let constant = try await load(targets.bare, expecting: 200, round) { _ in HTTPRequestText.get("/", token: nil) }
        let get = try await load(targets.edge, expecting: 200, round) { random in
            HTTPRequestText.get("/users/\(ids[Int.random(in: ids.indices, using: &random)])", token: token)
        }
        scoreboard.record(
            comparison("GET /users/{id}, no cache", "F4, \(Self.connections) connections", 0.35), get, against: constant)
        let few = Array(ids.prefix(1000))
        let (cachedToken, floor) = (targets.cachedToken, "F4, \(Self.connections) connections")
        let cached = try await load(targets.cachedEdge, expecting: 200, round) { random in
            HTTPRequestText.get("/users/\(few[Int.random(in: few.indices, using: &random)])", token: cachedToken)
        }
        scoreboard.record(comparison("GET /users/{id}, cached", floor, 0.7), cached, against: constant)
        let page = try await load(targets.cachedEdge, expecting: 200, round) { _ in
            HTTPRequestText.get("/users?limit=10", token: cachedToken)
        }
        scoreboard.record(comparison("GET /users?limit=10, cached", floor, nil), page, against: constant)
        let insert = try await insert.run(clients: 32)
        let post = try await load(targets.edge, expecting: 201, round) { random in
            HTTPRequestText.post("/users", json: #"{"email":"\#(random.word())@example.org","name":"Ada Lovelace"}"#, token: token)
        }
        scoreboard.record(comparison("POST /users", InsertFloor.name(32), 0.6), post, against: insert)
    }

    private func load(
        _ port: Int, expecting status: Int, _ round: Int, _ request: @escaping @Sendable (inout SeededGenerator) -> String
    ) async throws -> Figure {
        let generator = LoadGenerator(port: port, connections: Self.connections, duration: bench.plan.duration, status: status)
        return try await generator.run(seed: UInt64(round), request)
    }

    private func comparison(_ name: String, _ floor: String, _ wanted: Double?) -> Comparison {
        Comparison(
            suite: .http, name: "\(name), \(Self.connections) connections", unit: .perSecond, floor: floor,
            wanted: wanted.map { .atLeast($0) })
    }
}
