/// One row of a result. It keeps the whole result alive.
public struct Row: Sendable {
    let rows: Rows
    let index: Int32

    /// How many columns there are.
    public var count: Int { rows.columnCount }

    /// The cell of a column by its position. Throws a decoding error if there is no such column.
    public subscript(column: Int) -> PostgresCell {
        get throws(PostgresError) {
            guard column >= 0, column < rows.columnCount else {
                throw PostgresError(.decoding, "the row has \(rows.columnCount) columns; there is no column \(column)")
            }
            return rows.cell(index, column)
        }
    }

    /// The cell of a column by its name. Throws a decoding error if there is no such column.
    public subscript(name: String) -> PostgresCell {
        get throws(PostgresError) {
            guard let column = rows.columnIndex(name) else { throw PostgresError(.decoding, "the row has no column \(name)") }
            return rows.cell(index, column)
        }
    }

    /// Reads all columns in order: `let (id, name) = try row.decode(UUID.self, String.self)`.
    /// Throws a decoding error if the number of columns differs, or if a column has another type or an unexpected `NULL`.
    public func decode<each T: PostgresDecodable>(_ types: repeat (each T).Type) throws -> (repeat each T) {
        var cursor = Cursor(rows: rows, index: index, count: rows.columnCount)
        let values = (repeat try cursor.next(each types))
        guard cursor.column == cursor.count else {
            throw PostgresError(.decoding, "the row has \(cursor.count) columns, but \(cursor.column) were asked for")
        }
        return values
    }

    private struct Cursor {
        let rows: Rows
        let index: Int32
        let count: Int
        var column = 0

        init(rows: Rows, index: Int32, count: Int) {
            (self.rows, self.index, self.count) = (rows, index, count)
        }

        mutating func next<T: PostgresDecodable>(_: T.Type) throws -> T {
            guard column < count else { throw PostgresError(.decoding, "the row has only \(count) columns") }
            defer { column += 1 }
            return try T.decode(from: rows.cell(index, column))
        }
    }
}

/// One value of a row, or one element of an array, still in binary format.
public struct PostgresCell {
    let owner: Rows
    let column: Int32
    /// The object identifier of the value's type.
    public let type: UInt32
    /// Points into the result that `owner` keeps alive.
    let storage: UnsafeRawBufferPointer?

    /// Whether the value is `NULL`.
    public var isNull: Bool { storage == nil }

    /// The name of the column.
    public var columnName: String { owner.columnName(Int(column)) }

    /// A copy of the bytes; `nil` for `NULL`.
    public var bytes: [UInt8]? {
        withExtendedLifetime(owner) { storage.map(Array.init) }
    }

    /// Reads the value.
    public func decode<T: PostgresDecodable>(_: T.Type = T.self) throws -> T { try T.decode(from: self) }

    /// Lends the bytes, without a copy, for the duration of the closure. Throws a decoding error for `NULL`.
    public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws -> R {
        guard let storage else { throw PostgresError(.decoding, "column \(columnName) is NULL") }
        defer { withExtendedLifetime(owner) {} }
        return try body(storage)
    }

    func element(type: UInt32, bytes: UnsafeRawBufferPointer?) -> PostgresCell {
        PostgresCell(owner: owner, column: column, type: type, storage: bytes)
    }

    func mismatch(_ wanted: String) -> PostgresError {
        PostgresError(.decoding, "column \(columnName) has type \(type), which cannot be read as \(wanted)")
    }

    func malformed(_ wanted: String) -> PostgresError {
        PostgresError(.decoding, "column \(columnName) is not a well-formed \(wanted)")
    }

    func outOfRange(_ wanted: String) -> PostgresError {
        PostgresError(.decoding, "column \(columnName) holds a value outside the range of \(wanted)")
    }
}
