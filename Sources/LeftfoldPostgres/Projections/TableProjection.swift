public import Leftfold
import LeftfoldDriver

/// A projection in the fold form whose rows are kept in a table.
///
/// The key of a row is the table's primary key: a `Key` of one value for a key of one column, a struct
/// for a key of several. Key and row are `Codable`; a field is the column of its coding key's name. Fields may be
/// text, numbers, booleans, `UUID`, `Date`, enums of those, and whatever else is `Codable` for a column of type `json` or `jsonb`.
/// An absent field is `NULL`. For column types without a counterpart in Swift, such as `numeric`, a field is text.
///
/// ```swift
/// extension Balances: TableProjection {
///     var script: String { "CREATE TABLE balances (id uuid PRIMARY KEY, owner text NOT NULL, balance bigint NOT NULL);" }
/// }
/// ```
public protocol TableProjection: FoldProjection, PostgresProjection {
    /// The table; named like the projection unless declared.
    var table: String { get }
}

extension TableProjection {
    public var table: String { name.rawValue }
    public var tables: [String] { [table] }
    public var form: ProjectionForm {
        ProjectionForm { generation, connection in
            FoldWriter(projection: self, table: try await RowTable.find(table, in: generation, on: connection))
        }
    }
}

/// Loads the rows that a page concerns, folds in memory, and writes what changed: two round trips at most, however many events.
struct FoldWriter<P: TableProjection>: ProjectionWriter {
    let projection: P
    let table: RowTable

    func prepare(_ events: ArraySlice<RecordedEvent>) -> PreparedBatch {
        let changes = Result {
            let fold = try Fold(events, projection)
            let keys = fold.keys
            return Changes(fold: fold, keys: keys, selection: keys.isEmpty ? nil : try table.selection(of: Array(keys)))
        }
        return PreparedBatch(events: events, touched: touched(by: events)) { advance, connection in
            try await write(try changes.get(), after: advance, on: connection)
        }
    }

    func handle(_ events: ArraySlice<RecordedEvent>, after advance: SQL, on connection: Connection) async throws {
        try await prepare(events).send(advance, connection)
    }

    private struct Changes: Sendable {
        let fold: Fold<P>
        let keys: Set<P.Key>
        /// Reads the rows; nil where none is changed.
        let selection: SQL?
    }

    private func write(_ changes: Changes, after advance: SQL, on connection: Connection) async throws {
        var before: [P.Key: P.Row] = [:]
        // Loaded before the transaction: nobody else changes these rows, or the checkpoint has moved, too, and `advance` fails.
        if let selection = changes.selection { before = try await load(selection, on: connection) }
        var after = before
        try changes.fold.apply(to: &after)
        var written: [(P.Key, P.Row)] = []
        var removed: [P.Key] = []
        for key in changes.keys {
            if let row = after[key] {
                if row != before[key] { written.append((key, row)) }
            } else if before[key] != nil {
                removed.append(key)
            }
        }
        try await connection.pipeline([advance] + (try table.deletion(of: removed)) + (try table.upsert(written)))
    }

    func load(_ selection: SQL, on connection: Connection) async throws -> [P.Key: P.Row] {
        let found = try await connection.execute(selection)
        var rows: [P.Key: P.Row] = [:]
        rows.reserveCapacity(found.count)
        for row in found {
            let (key, value) = try table.decode(P.Key.self, P.Row.self, from: row)
            rows[key] = value
        }
        return rows
    }

    func fill(
        from reader: LogReader, upTo end: GlobalPosition?, _ lease: inout Lease, on connection: Connection, memory: Int,
        _ progress: @Sendable (GlobalPosition, GlobalPosition) async -> Void
    ) async throws {
        var filling = Filling(writer: self, connection: connection, lease: lease, memory: memory)
        defer { lease = filling.lease }
        try await filling.run(from: reader, upTo: end, progress)
    }
}
