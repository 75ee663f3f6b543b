import LeftfoldUsersReadModel

/// F3: the server builds the read table by itself, with one INSERT … SELECT.
struct RebuildFloor: Sendable {
    let database: BenchDatabase
    let events: Int

    /// Events per second.
    func run() async throws -> Figure {
        try await database.run(
            """
            DROP SCHEMA IF EXISTS floor CASCADE;
            CREATE SCHEMA floor;
            SET search_path = floor;
            \(UserDirectory().script)
            """)
        let start = ContinuousClock.now
        try await database.run(Self.insert)
        return Figure(Double(events) / (ContinuousClock.now - start).seconds)
    }

    private static let insert = """
        INSERT INTO floor.user_directory (
            id, listed_at, version, created_at, updated_at, status, email, name, email_folded, name_folded)
        SELECT substr(stream, 6)::uuid, listed_at, version, created_at, updated_at, status, email, name, lower(email), lower(name)
        FROM (
            SELECT stream, min(position) AS listed_at, max(version) AS version, min(recorded_at) AS created_at,
                max(recorded_at) AS updated_at,
                CASE (array_agg(type ORDER BY version DESC) FILTER (WHERE type IN ('UserCreated', 'UserDeactivated', 'UserReactivated')))[1]
                    WHEN 'UserDeactivated' THEN 'deactivated' ELSE 'active' END AS status,
                (array_agg(data ->> 'email' ORDER BY version DESC) FILTER (WHERE type IN ('UserCreated', 'UserEmailChanged')))[1] AS email,
                (array_agg(data ->> 'name' ORDER BY version DESC) FILTER (WHERE type IN ('UserCreated', 'UserRenamed')))[1] AS name
            FROM leftfold.events
            GROUP BY stream
        ) AS users
        """
}
