/// F2 and its relatives: the statements behind the queries, prepared, from a C client.
struct SelectFloors: Sendable {
    private let pgbench: PGBench
    private let duration: Duration
    private let users: Int

    static let columns = "id, email, name, status, version, created_at, updated_at"

    /// The read table must be there; the floors get a copy of it whose key pgbench can draw at random.
    init(_ bench: Bench, _ database: BenchDatabase, users: Int) async throws {
        pgbench = PGBench(bench, database)
        duration = bench.plan.duration
        self.users = users
        try await database.run(
            """
            CREATE TABLE floor_users AS SELECT row_number() OVER (ORDER BY listed_at) AS number, * FROM user_directory;
            ALTER TABLE floor_users ADD PRIMARY KEY (number);
            """)
        try await database.run("VACUUM (ANALYZE) floor_users")
    }

    /// F2: one row by its key.
    func user(clients: Int) async throws -> Figure {
        try await pgbench.run(
            "\\set number random(1, \(users))\nSELECT \(Self.columns) FROM floor_users WHERE number = :number;",
            clients: clients, for: duration)
    }

    /// The first 50 rows.
    func page(clients: Int) async throws -> Figure {
        try await pgbench.run("SELECT \(Self.columns) FROM floor_users ORDER BY number LIMIT 51;", clients: clients, for: duration)
    }

    /// All events of one stream.
    func stream(from first: Int, to last: Int) async throws -> Figure {
        try await pgbench.run(
            """
            \\set number random(\(first), \(last))
            SELECT position, stream, version, type, data, tags, correlation_id, command_id, principal, metadata, recorded_at FROM leftfold.events
            WHERE stream = \(SyntheticLog.stream(":number")) ORDER BY version;
            """,
            clients: 1, for: duration)
    }
}
