/// Writes a log that is the same in every run, with SQL: faster than commands, and only what is read from it is measured.
struct SyntheticLog: Sendable {
    let database: BenchDatabase

    /// The events of all these users in turn, so that one user's lie far apart. First creations, then names and addresses.
    func append(users: ClosedRange<Int>, eventsEach: Int) async throws {
        let total = users.count * eventsEach
        for first in stride(from: 0, to: total, by: 50_000) {
            try await database.run(Self.insert(users, first..<min(first + 50_000, total)))
        }
        try await database.run("VACUUM (ANALYZE) leftfold.events")
    }

    /// The stream of a user by number, as SQL.
    static func stream(_ number: String) -> String { "'user-' || md5('user ' || \(number))::uuid" }

    private static func insert(_ users: ClosedRange<Int>, _ range: Range<Int>) -> String {
        """
        INSERT INTO leftfold.events (
            position, version, recorded_at, command_id, stream, type, data, principal, correlation_id, received_at, event_count, name, digest)
        SELECT h.head + 1 + n - \(range.lowerBound), version, timestamptz '2026-01-01' + (h.head + n) * interval '1 ms',
            md5('command ' || number || ' ' || version)::uuid, \(stream("number")),
            CASE WHEN version = 1 THEN 'UserCreated' WHEN version % 2 = 0 THEN 'UserRenamed' ELSE 'UserEmailChanged' END,
            CASE WHEN version = 1 THEN format('{"email":"user%s@example.org","name":"User %s"}', number, number)
                WHEN version % 2 = 0 THEN format('{"name":"User %s, renamed %s"}', number, version)
                ELSE format('{"email":"user%s.%s@example.org"}', number, version) END::json,
            'bench', format('%s of %s', version, number), timestamptz '2026-01-01' + (h.head + n) * interval '1 ms', 1, 'UpdateUser', ''::bytea
        FROM (SELECT coalesce(max(position), 0) AS head FROM leftfold.events) AS h
        CROSS JOIN (
            SELECT n, n % \(users.count) + \(users.lowerBound) AS number, n / \(users.count) + 1 AS version
            FROM generate_series(\(range.lowerBound), \(range.upperBound - 1)) AS n
        ) AS e
        ORDER BY n
        """
    }
}
