/// F1: what the server can write when each commit holds one event and nothing is checked but that it is the only one of its
/// version.
struct InsertFloor: Sendable {
    private let pgbench: PGBench
    private let duration: Duration

    init(_ bench: Bench, _ database: BenchDatabase) async throws {
        pgbench = PGBench(bench, database)
        duration = bench.plan.duration
        try await database.run(
            """
            CREATE TABLE floor_events (
                position bigserial PRIMARY KEY,
                version  bigint NOT NULL,
                stream   text COLLATE "C" NOT NULL,
                type     text COLLATE "C" NOT NULL,
                data     json NOT NULL,
                UNIQUE (stream, version)
            )
            """)
        _ = try await pgbench.run(Self.insert, clients: 2, for: .seconds(1))  // warms up
    }

    func run(clients: Int) async throws -> Figure { try await pgbench.run(Self.insert, clients: clients, for: duration) }

    static func name(_ clients: Int) -> String { "F1, \(clients) client\(clients == 1 ? "" : "s")" }

    private static let insert = """
        INSERT INTO floor_events (stream, version, type, data)
        VALUES ('user-' || gen_random_uuid(), 1, 'UserRenamed', '{"name":"Ada Lovelace"}');
        """
}
