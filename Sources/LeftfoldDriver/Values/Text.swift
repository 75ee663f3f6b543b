extension String: PostgresEncodable, PostgresDecodable {
    /// `text`
    public static var postgresType: PostgresType { .text }

    /// UTF-8. Throws `.encoding` for a NUL: Postgres cannot store it, and some paths would cut the text there.
    public func encode(into buffer: inout [UInt8]) throws(PostgresError) {
        guard !utf8.containsNUL else { throw PostgresError(.encoding, "text with a NUL character cannot be sent to Postgres") }
        buffer.append(contentsOf: utf8)
    }

    /// From any textual type, `json`, `jsonb` or a literal without type. Invalid UTF-8 is a decoding error, never repaired.
    public static func decode(from cell: PostgresCell) throws -> String {
        switch cell.type {
        case PostgresType.text.oid, PostgresType.varchar.oid, PostgresType.name.oid, PostgresType.bpchar.oid, PostgresType.json.oid,
            PostgresType.unknown.oid:
            return try cell.withBytes { bytes throws(PostgresError) in try cell.text(bytes) }
        case PostgresType.jsonb.oid:
            return try cell.withBytes { bytes throws(PostgresError) in
                guard bytes.first == 1 else { throw cell.malformed("jsonb") }
                return try cell.text(UnsafeRawBufferPointer(rebasing: bytes.dropFirst()))
            }
        default:
            throw cell.mismatch("String")
        }
    }
}

extension PostgresCell {
    func text(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw PostgresError(.decoding, "column \(columnName) holds invalid UTF-8")
        }
        return text
    }
}
