import CLibPQ

/// The result of one statement: its rows, and what it did. Copying is a reference; the memory is freed with the last copy.
///
/// `@unchecked Sendable`: libpq never changes a `PGresult` after it was handed out, we only read it, and it is freed once, in `deinit`.
public final class Rows: @unchecked Sendable, RandomAccessCollection {
    let result: OpaquePointer?
    /// How many rows the server sent.
    public let count: Int

    /// Takes ownership of a result.
    init(_ result: OpaquePointer) {
        self.result = result
        count = Int(PQntuples(result))
    }

    deinit { PQclear(result) }

    /// Rows are counted from 0.
    public var startIndex: Int { 0 }
    /// One more than the last row's index.
    public var endIndex: Int { count }
    /// A row by its position. An index outside the collection is a programming error.
    public subscript(position: Int) -> Row {
        precondition(position >= 0 && position < count, "row index out of range")
        return Row(rows: self, index: Int32(truncatingIfNeeded: position))
    }

    /// How many rows the statement inserted, updated, deleted, merged or selected; 0 for other statements.
    public var affected: Int { PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// The server's command tag, for example `INSERT 0 1`.
    public var command: String { PQcmdStatus(result).map { String(cString: $0) } ?? "" }

    /// The names of the columns.
    public var columns: [String] { (0..<columnCount).map(columnName(_:)) }

    /// How many columns there are.
    public var columnCount: Int { Int(PQnfields(result)) }

    /// Reads all rows; see ``Row/decode(_:)``.
    public func decode<each T: PostgresDecodable>(_ types: repeat (each T).Type) throws -> [(repeat each T)] {
        var values: [(repeat each T)] = []
        values.reserveCapacity(count)
        for row in self { values.append(try row.decode(repeat each types)) }
        return values
    }

    func columnName(_ column: Int) -> String { PQfname(result, Int32(truncatingIfNeeded: column)).map { String(cString: $0) } ?? "?" }

    func columnIndex(_ name: String) -> Int? {
        name.withCString { wanted in
            (0..<columnCount).first { column in
                guard let candidate = PQfname(result, Int32(truncatingIfNeeded: column)) else { return false }
                return equal(candidate, wanted)
            }
        }
    }

    private func equal(_ left: UnsafePointer<CChar>, _ right: UnsafePointer<CChar>) -> Bool {
        var offset = 0
        while left[offset] == right[offset] {
            if left[offset] == 0 { return true }
            offset += 1
        }
        return false
    }

    func cell(_ row: Int32, _ column: Int) -> PostgresCell {
        let column = Int32(truncatingIfNeeded: column)
        let type = PQftype(result, column)
        guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column) else {
            return PostgresCell(owner: self, column: column, type: type, storage: nil)
        }
        let bytes = UnsafeRawBufferPointer(start: value, count: Int(PQgetlength(result, row, column)))
        return PostgresCell(owner: self, column: column, type: type, storage: bytes)
    }
}
