public import Foundation
public import Leftfold
import LeftfoldDriver

/// The log in PostgreSQL. The rules are in `sql/leftfold`; this sends and reads.
public struct PostgresEventStore: EventStore {
    let pool: Pool
    let log: LogName
    let appender: Appender
    public let history: LogHistory

    init(pool: Pool, log: LogName, history: LogHistory, appender: Appender) {
        self.history = history
        self.pool = pool
        self.log = log
        self.appender = appender
    }

    /// Collected with the appends of other callers while one is under way, and committed with them: see `Appender`.
    public func append(_ chain: [Append]) async throws -> [AppendAnswer] { try await appender.append(chain) }

    public func record(_ refused: RefusedCommand) async throws -> RecordAnswer { try await appender.record(refused) }

    public func read(_ stream: StreamName, after version: StreamVersion, limit: Int?) async throws -> [RecordedEvent] {
        let epoch = history.epoch
        let rows = try await run(
            """
            SELECT \(fragment: RecordedEvent.columns) FROM \(log).events
            WHERE stream = \(stream) AND version > \(version)
            ORDER BY version LIMIT \(limit.map(Int64.init))
            """)
        var previous = version
        let events = try rows.map { row in
            let event = try RecordedEvent(row)
            previous = previous.advanced(by: 1)
            guard event.version == previous else { throw BrokenLog(expected: "version \(previous) of \(stream)", found: event.position) }
            return event
        }
        if let last = events.last { history.reached(last.position, in: epoch) }
        return events
    }

    public func read(after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent] {
        try RecordedEvent.contiguous(try await run(RecordedEvent.page(after: position, limit: limit, in: log)), after: position)
    }

    public func read(matching query: EventQuery, after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent] {
        let items = JSONBytes([UInt8](try JSONEncoder().encode(query.items.map(QueryItemJSON.init))))
        return try await run(
            "SELECT \(fragment: RecordedEvent.columns) FROM \(log).matching(\(items), \(position), \(Int32(clamping: limit))) ORDER BY position"
        ).map(RecordedEvent.init)
    }

    public func head() async throws -> GlobalPosition {
        let epoch = history.epoch
        let head = try await run("SELECT coalesce(max(position), 0) FROM \(log).events").first?.decode(GlobalPosition.self) ?? .zero
        history.reached(head, in: epoch)
        return head
    }

    public func journalEntry(for commandID: UUID) async throws -> JournalEntry? {
        try await run("SELECT \(fragment: JournalEntry.columns) FROM \(log).journal WHERE command_id = \(commandID)")
            .first.map(JournalEntry.init)
    }

    public func journal(_ filter: JournalFilter) async throws -> [JournalEntry] {
        try await run(
            """
            SELECT \(fragment: JournalEntry.columns) FROM \(log).journal
            WHERE (\(filter.outcome)::text IS NULL OR outcome = \(filter.outcome))
                AND (\(filter.principal)::text IS NULL OR principal = \(filter.principal))
                AND (\(filter.stream)::text IS NULL OR stream = \(filter.stream))
            ORDER BY position DESC, number DESC LIMIT \(Int64(filter.limit))
            """
        ).map(JournalEntry.init)
    }

    public func holders(of claims: [Claim]) async throws -> [Claim: StreamName] {
        guard !claims.isEmpty else { return [:] }
        let rows = try await run(
            """
            SELECT c.kind, c.value, c.stream FROM \(log).claims AS c
            JOIN unnest(\(claims.map(\.kind)), \(claims.map(\.value))) AS w (kind, value) ON c.kind = w.kind AND c.value = w.value
            """)
        return try rows.reduce(into: [:]) { holders, row in
            let (kind, value, stream) = try row.decode(String.self, String.self, StreamName.self)
            holders[Claim(kind, value)] = stream
        }
    }

    public func takeOver(_ follower: FollowerName) async throws -> Checkpoint {
        let row = try await run(
            """
            INSERT INTO \(log).followers AS f (name, lease_epoch) VALUES (\(follower), 1)
            ON CONFLICT (name) DO UPDATE SET lease_epoch = f.lease_epoch + 1, lease_owner = NULL, lease_until = NULL
            RETURNING position, lease_epoch
            """
        ).first
        guard let (position, epoch) = try row?.decode(GlobalPosition.self, Int64.self) else {
            throw Unavailable("The follower was not taken over.")
        }
        return Checkpoint(follower, at: position, epoch: epoch)
    }

    func run(_ sql: SQL) async throws -> Rows {
        do {
            return try await pool.execute(sql)
        } catch {
            throw error.asUnavailable
        }
    }
}
