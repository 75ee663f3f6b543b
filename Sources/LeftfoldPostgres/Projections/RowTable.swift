import Leftfold
import LeftfoldDriver

/// A table that a fold is kept in, and the statements that read and write many of its rows at once. Values are bound, one array
/// a column.
struct RowTable: Sendable {
    let name: String
    let columns: [Column]
    private let keys: [Column]
    private let indexes: [String: Int]

    init(_ name: String, _ columns: [Column]) throws(RowMismatch) {
        self.name = name
        self.columns = columns
        keys = columns.filter(\.isKey)
        indexes = Dictionary(columns.enumerated().map { ($1.name, $0) }) { first, _ in first }
        if keys.isEmpty { throw RowMismatch("the table \(name) has no primary key; it is what tells rows apart") }
    }

    /// What the catalog knows of the table.
    static func find(_ table: String, in generation: Generation, on connection: Connection) async throws -> RowTable {
        let rows = try await connection.execute(
            """
            SELECT a.attname::text, format_type(a.atttypid, a.atttypmod),
                format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END, NULL), coalesce(a.attnum = ANY (i.indkey), false)
            FROM pg_attribute AS a
            JOIN pg_type AS t ON t.oid = a.atttypid
            LEFT JOIN pg_index AS i ON i.indrelid = a.attrelid AND i.indisprimary
            WHERE a.attrelid = to_regclass(format('%I.%I', \(generation.schema)::text, \(table)::text))
                AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a'
            ORDER BY a.attnum
            """)
        return try RowTable(
            table,
            try rows.map { row in
                let (name, type, base, isKey) = try row.decode(String.self, String.self, String.self, Bool.self)
                return Column(name: name, type: type, base: base, isKey: isKey)
            })
    }

    // MARK: Statements

    /// The columns of the table, called t, as ``decode(_:_:from:)`` reads them.
    var fields: SQL {
        SQL(unsafe: columns.map { $0.form == .text ? "t.\($0.quoted)::text" : "t.\($0.quoted)" }.joined(separator: ", "))
    }

    /// Reads the rows with these keys.
    func selection<Key: Encodable>(of keys: [Key]) throws -> SQL {
        "SELECT \(fragment: fields) FROM \(identifier: name) AS t JOIN \(fragment: try source(keys)) ON \(unsafe: matching)"
    }

    /// No statement for no keys.
    func deletion<Key: Encodable>(of keys: [Key]) throws -> [SQL] {
        if keys.isEmpty { return [] }
        return ["DELETE FROM \(identifier: name) AS t USING \(fragment: try source(keys)) WHERE \(unsafe: matching)"]
    }

    /// Writes the rows, whether they are there or not. No statement for no rows.
    func upsert<Key: Encodable, Row: Encodable>(_ rows: [(Key, Row)]) throws -> [SQL] {
        if rows.isEmpty { return [] }
        let encoded = try rows.map { key, row in try encode(key, row) }
        let names = columns.map(\.quoted).joined(separator: ", ")
        let changes = columns.filter { !$0.isKey }.map { "\($0.quoted) = excluded.\($0.quoted)" }.joined(separator: ", ")
        return [
            """
            INSERT INTO \(identifier: name) (\(unsafe: names)) SELECT \(unsafe: columns.map(\.cast).joined(separator: ", "))
            FROM \(fragment: try unnested(columns, encoded))
            ON CONFLICT (\(unsafe: keys.map(\.quoted).joined(separator: ", "))) \
            \(unsafe: changes.isEmpty ? "DO NOTHING" : "DO UPDATE SET \(changes)")
            """
        ]
    }

    /// Whether there is no row.
    var emptiness: SQL { "SELECT NOT EXISTS (SELECT FROM \(identifier: name))" }

    /// Takes new rows as ``RowLines``.
    var copy: SQL {
        "COPY \(identifier: name) (\(unsafe: columns.map(\.quoted).joined(separator: ", "))) FROM STDIN (FORMAT binary)"
    }

    private var matching: String { keys.map { "t.\($0.quoted) = \($0.cast)" }.joined(separator: " AND ") }

    private func source<Key: Encodable>(_ keys: [Key]) throws -> SQL {
        let encoded = try keys.map { key in
            let values = try RowValues(self)
            try values.encode(key)
            return self.keys.map { values[$0.name] }
        }
        return try unnested(self.keys, encoded)
    }

    private func unnested(_ columns: [Column], _ rows: [[ColumnValue]]) throws -> SQL {
        let arrays = try columns.enumerated().map { index, column in try column.array(of: rows.map { $0[index] }) }
        return "unnest(\(fragments: arrays)) AS r (\(unsafe: columns.map(\.quoted).joined(separator: ", ")))"
    }

    // MARK: Rows

    /// The fields of key and row, in the order of the columns.
    func encode<Key: Encodable, Row: Encodable>(_ key: Key, _ row: Row) throws -> [ColumnValue] {
        let values = try RowValues(self)
        try values.encode(row)
        let fields = keys.map { values[$0.name] }
        try values.encode(key)
        for (column, field) in zip(keys, fields) where field != .null && field != values[column.name] {
            throw RowMismatch("the row with the key \(key) has another \(column.name)")
        }
        return values.all
    }

    /// A row that ``selection(of:)`` read.
    func decode<Key: Decodable, Value: Decodable>(_ key: Key.Type, _ value: Value.Type, from row: Row) throws -> (Key, Value) {
        let decoder = RowDecoder(table: self, row: row)
        return (try decoder.key(Key.self), try Value(from: decoder))
    }

    func index(of column: String) throws(RowMismatch) -> Int {
        guard let index = indexes[column] else { throw RowMismatch("the table \(name) has no column \(column)") }
        return index
    }

    /// The column of a key that is one value.
    var onlyKey: Column {
        get throws(RowMismatch) {
            guard keys.count == 1 else {
                throw RowMismatch("the primary key of \(name) is \(keys.map(\.name).joined(separator: ", ")); the key is one value")
            }
            return keys[0]
        }
    }
}

extension Column {
    /// Names come from the catalog, and may be any.
    fileprivate var quoted: String { "\"\(name.replacing("\"", with: "\"\""))\"" }
    fileprivate var cast: String { "r.\(quoted)::\(type)" }
}
