import LeftfoldDriver

/// Rows in the binary format of `COPY`.
struct RowLines {
    private let table: RowTable
    private(set) var bytes = Self.signature + [UInt8](repeating: 0, count: 8)

    private static let signature = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00]

    init(_ table: RowTable) { self.table = table }

    /// Throws where the row does not go with the table.
    mutating func append<Key: Encodable, Row: Encodable>(_ key: Key, _ row: Row) throws {
        Int16(clamping: table.columns.count).encode(into: &bytes)
        for (column, value) in zip(table.columns, try table.encode(key, row)) { try column.append(value, to: &bytes) }
    }

    /// What there is so far, to be sent.
    mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    /// The rest, and the mark of the end.
    mutating func end() -> [UInt8] {
        Int16(-1).encode(into: &bytes)
        return take()
    }
}

extension RowTable {
    /// Whether `COPY` makes of all fields what the server makes of them where they are bound and cast.
    var isCopyable: Bool { columns.allSatisfy(\.isCopyable) }
}

extension Column {
    /// A limit, as of `varchar(20)`, cuts in a cast and refuses in a copy; what is bound as text is only known to the server.
    fileprivate var isCopyable: Bool {
        guard type == base else { return false }
        return form == .text ? base == "text" || base == "character varying" : base != "real"
    }

    fileprivate func append(_ value: ColumnValue, to bytes: inout [UInt8]) throws {
        let start = bytes.count
        Int32(-1).encode(into: &bytes)
        switch try fitting(value) {
        case .null: return
        case .bool(let value): value.encode(into: &bytes)
        case .integer(let value):
            switch base {
            case "smallint": try narrow(value, Int16.self).encode(into: &bytes)
            case "integer": try narrow(value, Int32.self).encode(into: &bytes)
            default: value.encode(into: &bytes)
            }
        case .double(let value): value.encode(into: &bytes)
        case .uuid(let value): value.encode(into: &bytes)
        case .date(let value): try value.encode(into: &bytes)
        case .json(let value):
            // The version of the format.
            if base == "jsonb" { bytes.append(1) }
            try JSONBytes(value).encode(into: &bytes)
        case .text(let value): try value.encode(into: &bytes)
        }
        guard let length = Int32(exactly: bytes.count - start - 4) else { throw RowMismatch("a field of \(name) is too large") }
        bytes.withUnsafeMutableBytes { $0.storeBytes(of: length.bigEndian, toByteOffset: start, as: Int32.self) }
    }

    private func narrow<T: FixedWidthInteger>(_ value: Int64, _ type: T.Type) throws(RowMismatch) -> T {
        guard let narrow = T(exactly: value) else { throw RowMismatch("\(value) is no \(self.type)") }
        return narrow
    }
}
