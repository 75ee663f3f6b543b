#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

// `[UInt8]` is `bytea`. A type conforms to a protocol once, so the byte itself decides how an array of it travels.
extension UInt8: PostgresEncodable, PostgresDecodable {
    /// `smallint`: the server has no smaller integer.
    public static var postgresType: PostgresType { .int2 }
    /// `bytea`
    public static var postgresArrayType: PostgresType { .bytea }
    /// Two bytes.
    public func encode(into buffer: inout [UInt8]) { buffer.append(bigEndian: Int16(self)) }
    /// From any integer that fits.
    public static func decode(from cell: PostgresCell) throws -> UInt8 { try decodeInteger(from: cell) }
    /// The bytes as they are.
    public static func encodeArray(_ elements: [UInt8], into buffer: inout [UInt8]) { buffer.append(contentsOf: elements) }
    /// The bytes of a `bytea`.
    public static func decodeArray(from cell: PostgresCell) throws -> [UInt8] {
        guard cell.type == PostgresType.bytea.oid else { throw cell.mismatch("[UInt8]") }
        return try cell.withBytes { bytes throws(PostgresError) in Array(bytes) }
    }
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
    /// The bytes as they are.
    public func encode(into buffer: inout [UInt8]) throws(PostgresError) {
        guard !bytes.contains(0) else { throw PostgresError(.encoding, "JSON with a NUL byte cannot be sent to Postgres") }
        buffer.append(contentsOf: bytes)
    }
    /// From `json`, `jsonb` or `text`.
    public static func decode(from cell: PostgresCell) throws -> JSONBytes { JSONBytes(try cell.json()) }
}

/// A JSON document as the bytes it is made of, bound as `jsonb`. The server drops key order, duplicates and spaces.
public struct JSONBBytes: Hashable, Sendable, PostgresEncodable, PostgresDecodable {
    /// UTF-8 JSON.
    public var bytes: [UInt8]

    /// Wraps UTF-8 JSON.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// `jsonb`
    public static var postgresType: PostgresType { .jsonb }
    /// A version byte (1), then the bytes as they are.
    public func encode(into buffer: inout [UInt8]) throws(PostgresError) {
        guard !bytes.contains(0) else { throw PostgresError(.encoding, "JSON with a NUL byte cannot be sent to Postgres") }
        buffer.append(1)
        buffer.append(contentsOf: bytes)
    }
    /// From `jsonb`, `json` or `text`.
    public static func decode(from cell: PostgresCell) throws -> JSONBBytes { JSONBBytes(try cell.json()) }
}

extension PostgresCell {
    fileprivate func json() throws -> [UInt8] {
        try withBytes { bytes throws(PostgresError) in
            switch type {
            case PostgresType.json.oid, PostgresType.text.oid: return Array(bytes)
            case PostgresType.jsonb.oid:
                guard bytes.first == 1 else { throw malformed("jsonb") }
                return Array(bytes.dropFirst())
            default: throw mismatch("JSON")
            }
        }
    }
}
