import LeftfoldUsersReadModel

/// F3: the server builds a read table by itself, with one INSERT … SELECT.
struct RebuildFloor: Sendable {
    let database: BenchDatabase
    let events: Int
    let script: String
    let insert: String

    /// Events per second.
    func run() async throws -> Figure {
        try await database.run(
            """
            DROP SCHEMA IF EXISTS floor CASCADE;
            CREATE SCHEMA floor;
            SET search_path = floor;
            \(script)
            """)
        let start = ContinuousClock.now
        try await database.run(insert)
        return Figure(Double(events) / (ContinuousClock.now - start).seconds)
    }

    static func directory(_ database: BenchDatabase, _ events: Int) -> RebuildFloor {
        RebuildFloor(
            database: database, events: events, script: UserDirectory().script,
            insert: """
                INSERT INTO floor.user_directory (
                    id, listed_at, version, created_at, updated_at, status, email, name, email_folded, name_folded)
                SELECT id, listed_at, version, created_at, updated_at, status, email, name, lower(email), lower(name) FROM (\(users)) AS users
                """)
    }

    static func wide(_ database: BenchDatabase, _ events: Int) -> RebuildFloor {
        RebuildFloor(
            database: database, events: events, script: WideDirectory().script,
            insert: """
                INSERT INTO floor.wide_directory (id, version, updated_at, email, name, page)
                SELECT id, version, updated_at, email, name, repeat(name || ' ', \(WideDirectory.repetitions)) FROM (\(users)) AS users
                """)
    }

    private static let users = """
        SELECT substr(stream, 6)::uuid AS id, min(position) AS listed_at, max(version) AS version, min(recorded_at) AS created_at,
            max(recorded_at) AS updated_at,
            CASE (array_agg(type ORDER BY version DESC) FILTER (WHERE type IN ('UserCreated', 'UserDeactivated', 'UserReactivated')))[1]
                WHEN 'UserDeactivated' THEN 'deactivated' ELSE 'active' END AS status,
            (array_agg(data ->> 'email' ORDER BY version DESC) FILTER (WHERE type IN ('UserCreated', 'UserEmailChanged')))[1] AS email,
            (array_agg(data ->> 'name' ORDER BY version DESC) FILTER (WHERE type IN ('UserCreated', 'UserRenamed')))[1] AS name
        FROM leftfold.events
        GROUP BY stream
        """
}
