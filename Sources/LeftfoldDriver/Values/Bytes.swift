#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Collection where Element == UInt8 {
    /// Whether there is a zero byte, which text of the server cannot hold and a C string would end at.
    var containsNUL: Bool { withContiguousStorageIfAvailable { $0.contains(0) } ?? contains(0) }
}

extension Data: PostgresEncodable, PostgresDecodable {
    /// `bytea`
    public static var postgresType: PostgresType { .bytea }
    /// The bytes as they are.
    public func encode(into buffer: inout [UInt8]) { buffer.append(contentsOf: self) }
    /// From `bytea`.
    public static func decode(from cell: PostgresCell) throws -> Data {
        guard cell.type == PostgresType.bytea.oid else { throw cell.mismatch("Data") }
        return try cell.withBytes { bytes throws(PostgresError) in Data(bytes) }
    }
}

/// A JSON document as the bytes it is made of, bound as `json`. Nothing is parsed here; the server checks it.
public struct JSONBytes: Hashable, Sendable, PostgresEncodable, PostgresDecodable {
    /// UTF-8 JSON.
    public var bytes: [UInt8]

    /// Wraps UTF-8 JSON.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// `json`
    public static var postgresType: PostgresType { .json }
    /// The bytes as they are. Throws `.encoding` for a NUL.
    public func encode(into buffer: inout [UInt8]) throws(PostgresError) {
        guard !bytes.containsNUL else { throw PostgresError(.encoding, "JSON with a NUL byte cannot be sent to Postgres") }
        buffer.append(contentsOf: bytes)
    }
    /// From `json`, `jsonb` or `text`.
    public static func decode(from cell: PostgresCell) throws -> JSONBytes {
        try cell.withBytes { bytes throws(PostgresError) in
            switch cell.type {
            case PostgresType.json.oid, PostgresType.text.oid: return JSONBytes(Array(bytes))
            case PostgresType.jsonb.oid:
                guard bytes.first == 1 else { throw cell.malformed("jsonb") }
                return JSONBytes(Array(bytes.dropFirst()))
            default: throw cell.mismatch("JSON")
            }
        }
    }
}
