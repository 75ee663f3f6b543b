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

    func handle(_ events: ArraySlice<RecordedEvent>, after advance: SQL, on connection: Connection) async throws {
        let fold = try Fold(events, projection)
        // Loaded before the transaction: nobody else changes these rows, or the checkpoint has moved, too, and `advance` fails.
        let before = try await load(fold.keys, on: connection)
        var after = before
        try fold.apply(to: &after)
        var written: [(P.Key, P.Row)] = []
        var removed: [P.Key] = []
        for key in fold.keys {
            if let row = after[key] {
                if row != before[key] { written.append((key, row)) }
            } else if before[key] != nil {
                removed.append(key)
            }
        }
        try await connection.pipeline([advance] + (try table.deletion(of: removed)) + (try table.upsert(written)))
    }

    private func load(_ keys: Set<P.Key>, on connection: Connection) async throws -> [P.Key: P.Row] {
        guard !keys.isEmpty else { return [:] }
        var rows: [P.Key: P.Row] = [:]
        rows.reserveCapacity(keys.count)
        for row in try await connection.execute(try table.selection(of: Array(keys))) {
            let (key, value) = try table.decode(P.Key.self, P.Row.self, from: row)
            rows[key] = value
        }
        return rows
    }
}
