import Leftfold
import LeftfoldDriver

/// What events mean, applied one after the other within the caller's transaction: the same projection, and nothing of what makes projectors
/// fast or safe.
protocol Replay: Sendable {
    /// Throws `FailedEvent`, or the database's error.
    func apply(_ events: ArraySlice<RecordedEvent>, on connection: Connection) async throws
    /// The same for those who watch these rows of a table: before what an event does, its position is set; see ``RowWatch``.
    ///
    /// - Parameter keys: as a ``RowKey`` spells them.
    func watching(_ keys: [[String]], of key: RowKey, on connection: Connection) async throws -> any Replay
}

extension PostgresProjection {
    /// Into the tables of a generation.
    func replay(into tables: Generation, on connection: Connection) async throws -> any Replay {
        switch self {
        case let projection as any StatementProjection: statementReplay(projection, tables.log)
        case let projection as any TableProjection: try await foldReplay(projection, tables, connection)
        default: throw UnfitProjection(projection: name, reason: "has no form that can be replayed")
        }
    }
}

private func statementReplay<P: StatementProjection>(_ projection: P, _ log: LogName) -> any Replay {
    StatementReplay(projection: projection, log: log)
}

private func foldReplay<P: TableProjection>(_ projection: P, _ tables: Generation, _ connection: Connection) async throws -> any Replay {
    FoldReplay(projection: projection, table: try await RowTable.find(projection.table, in: tables, on: connection))
}

private struct StatementReplay<P: StatementProjection>: Replay {
    let projection: P
    let log: LogName
    var isWatched = false

    func apply(_ events: ArraySlice<RecordedEvent>, on connection: Connection) async throws {
        let (batch, causes) = try StatementBatch.of(events, projection)
        var statements: [SQL] = []
        var origins: [RecordedEvent] = []
        for (statement, cause) in zip(batch.checked(in: log), causes) {
            if isWatched, origins.last?.position != cause.position {
                statements.append(RowWatch.now(cause.position))
                origins.append(cause)
            }
            statements.append(statement)
            origins.append(cause)
        }
        do {
            try await connection.pipeline(statements)
        } catch {
            guard !error.isTransient, let index = error.statementIndex else { throw error }
            throw FailedEvent(origins[index], reason: error.message)
        }
    }

    func watching(_ keys: [[String]], of key: RowKey, on connection: Connection) async throws -> any Replay {
        var watching = self
        watching.isWatched = true
        return watching
    }
}

private struct FoldReplay<P: TableProjection>: Replay {
    let projection: P
    let table: RowTable
    /// The only rows that anybody wants to see; nil: all. What an event does to one row depends on no other.
    var watched: Set<P.Key>?

    func apply(_ events: ArraySlice<RecordedEvent>, on connection: Connection) async throws {
        let changes = try changes(of: events)
        guard watched != nil else { return try await apply(changes[...], on: connection) }
        var rest = changes[...]
        while let cause = rest.first?.cause {
            let those = rest.prefix { $0.cause.position == cause.position }
            rest = rest.dropFirst(those.count)
            try await connection.execute(RowWatch.now(cause.position))
            try await apply(those, on: connection)
        }
    }

    private typealias Change = (cause: RecordedEvent, change: RowChanges<P.Key, P.Row>.Change)

    private func changes(of events: ArraySlice<RecordedEvent>) throws -> [Change] {
        let sources = projection.sources
        var changes: [Change] = []
        for event in events where sources.contains(event) {
            var rows = RowChanges<P.Key, P.Row>()
            do {
                try projection.fold(event, into: &rows)
            } catch {
                throw FailedEvent(event, reason: error)
            }
            for change in rows.changes where watched?.contains(change.key) ?? true { changes.append((event, change)) }
        }
        return changes
    }

    private func apply(_ changes: ArraySlice<Change>, on connection: Connection) async throws {
        guard !changes.isEmpty else { return }
        let keys = Set(changes.map(\.change.key))
        var rows: [P.Key: P.Row] = [:]
        for row in try await connection.execute(try table.selection(of: Array(keys))) {
            let (key, value) = try table.decode(P.Key.self, P.Row.self, from: row)
            rows[key] = value
        }
        for (cause, change) in changes {
            do {
                try change.evolve(&rows[change.key])
            } catch {
                throw FailedEvent(cause, reason: error)
            }
        }
        do {
            try await connection.pipeline(
                try table.deletion(of: keys.filter { rows[$0] == nil }) + table.upsert(rows.map { ($0.key, $0.value) }))
        } catch let error as PostgresError where !error.isTransient {
            // Which of them it was is not known of many.
            guard let cause = changes.last?.cause, changes.allSatisfy({ $0.cause.position == cause.position }) else { throw error }
            throw FailedEvent(cause, reason: error.message)
        }
    }

    func watching(_ keys: [[String]], of key: RowKey, on connection: Connection) async throws -> any Replay {
        var watching = self
        var wanted: Set<P.Key> = []
        for values in keys {
            let fields = table.columns.map { column -> SQL in
                let value = key.value(of: column.name, in: values) ?? "NULL::\(unsafe: column.type)"
                return column.form == .text ? "(\(fragment: value))::text" : value
            }
            guard let row = try await connection.execute("SELECT \(fragments: fields)").first else { continue }
            wanted.insert(try RowDecoder(table: table, row: row).key(P.Key.self))
        }
        watching.watched = wanted
        return watching
    }
}
