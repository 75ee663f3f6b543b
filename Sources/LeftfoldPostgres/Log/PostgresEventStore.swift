public import Foundation
public import Leftfold
import LeftfoldDriver

/// The log in PostgreSQL. The rules are in `sql/leftfold`; this sends and reads.
public struct PostgresEventStore: EventStore {
    private let pool: Pool
    private let appender: Appender

    init(pool: Pool, appender: Appender) {
        self.pool = pool
        self.appender = appender
    }

    /// Collected with the appends of other callers while one is under way, and committed with them: see `Appender`.
    public func append(_ request: AppendRequest) async throws -> AppendResult {
        guard let result = try await appender.append([request]).first else { throw Unavailable("The append gave no answer.") }
        return result
    }

    /// In one transaction.
    public func append(_ chain: [AppendRequest]) async throws -> [AppendResult] {
        try await appender.append(chain)
    }

    public func read(_ stream: StreamName, after version: StreamVersion, limit: Int?) async throws -> [RecordedEvent] {
        let rows = try await run(
            """
            SELECT \(unsafe: RecordedEvent.columns) FROM leftfold.events
            WHERE stream = \(stream.rawValue) AND version > \(version.rawValue)
            ORDER BY version LIMIT \(limit.map(Int64.init))
            """)
        var previous = version
        return try rows.map { row in
            let event = try RecordedEvent(row)
            previous = previous.advanced(by: 1)
            guard event.version == previous else { throw BrokenLog(expected: "version \(previous) of \(stream)", found: event.position) }
            return event
        }
    }

    public func read(after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent] {
        let rows = try await run(RecordedEvent.page(after: position, limit: limit))
        return try RecordedEvent.contiguous(rows, after: position)
    }

    public func head() async throws -> GlobalPosition {
        let rows = try await run("SELECT coalesce(max(position), 0) FROM leftfold.events")
        return GlobalPosition(rawValue: try rows.first?.decode(Int64.self) ?? 0)
    }

    public func journalEntry(for commandID: UUID) async throws -> JournalEntry? {
        try await run("SELECT \(unsafe: JournalEntry.columns) FROM leftfold.commands WHERE id = \(commandID)")
            .first.map(JournalEntry.init)
    }

    public func journal(_ filter: JournalFilter) async throws -> [JournalEntry] {
        try await run(
            """
            SELECT \(unsafe: JournalEntry.columns) FROM leftfold.commands
            WHERE (\(filter.outcome?.rawValue)::text IS NULL OR outcome = \(filter.outcome?.rawValue))
                AND (\(filter.principal)::text IS NULL OR principal = \(filter.principal))
                AND (\(filter.stream)::text IS NULL OR stream = \(filter.stream))
            ORDER BY finished_at DESC, last_position DESC NULLS LAST LIMIT \(Int64(filter.limit))
            """
        ).map(JournalEntry.init)
    }

    public func holders(of claims: [Claim]) async throws -> [Claim: StreamName] {
        guard !claims.isEmpty else { return [:] }
        let rows = try await run(
            """
            SELECT c.kind, c.value, c.stream FROM leftfold.claims AS c
            JOIN unnest(\(claims.map(\.kind)), \(claims.map(\.value))) AS w (kind, value) ON c.kind = w.kind AND c.value = w.value
            """)
        var holders: [Claim: StreamName] = [:]
        for row in rows {
            let (kind, value, stream) = try row.decode(String.self, String.self, String.self)
            holders[Claim(kind, value)] = StreamName(rawValue: stream)
        }
        return holders
    }

    private func run(_ sql: SQL) async throws -> Rows {
        do {
            return try await pool.execute(sql)
        } catch {
            throw error.asUnavailable
        }
    }
}
