extension UnsafeRawBufferPointer {
    /// The big-endian integer at an offset. The caller has checked the length.
    func bigEndian<T: FixedWidthInteger>(_: T.Type = T.self, at offset: Int = 0) -> T {
        T(bigEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
    }
}

extension Array where Element == UInt8 {
    /// Appends an integer in network order.
    mutating func append<T: FixedWidthInteger>(bigEndian value: T) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}

extension Bool: PostgresEncodable, PostgresDecodable {
    /// `boolean`
    public static var postgresType: PostgresType { .bool }
    /// One byte, 0 or 1.
    public func encode(into buffer: inout [UInt8]) { buffer.append(self ? 1 : 0) }
    /// From `boolean` only.
    public static func decode(from cell: PostgresCell) throws -> Bool {
        guard cell.type == PostgresType.bool.oid else { throw cell.mismatch("Bool") }
        return try cell.withBytes { bytes throws(PostgresError) in
            guard bytes.count == 1 else { throw cell.malformed("Bool") }
            return bytes[0] != 0
        }
    }
}

extension PostgresDecodable where Self: FixedWidthInteger {
    /// From any integer type of the server whose value fits: `smallint`, `integer`, `bigint`, `oid`, `xid8`.
    static func decodeInteger(from cell: PostgresCell) throws -> Self {
        let value: Self? = try cell.withBytes { bytes throws(PostgresError) in
            switch (cell.type, bytes.count) {
            case (PostgresType.int8.oid, 8): Self(exactly: bytes.bigEndian(Int64.self))
            case (PostgresType.int4.oid, 4): Self(exactly: bytes.bigEndian(Int32.self))
            case (PostgresType.int2.oid, 2): Self(exactly: bytes.bigEndian(Int16.self))
            case (PostgresType.oid.oid, 4): Self(exactly: bytes.bigEndian(UInt32.self))
            case (PostgresType.xid8.oid, 8): Self(exactly: bytes.bigEndian(UInt64.self))
            default: throw cell.mismatch("\(Self.self)")
            }
        }
        guard let value else { throw cell.outOfRange("\(Self.self)") }
        return value
    }
}

extension Int16: PostgresEncodable, PostgresDecodable {
    /// `smallint`
    public static var postgresType: PostgresType { .int2 }
    /// Two bytes, the most significant first.
    public func encode(into buffer: inout [UInt8]) { buffer.append(bigEndian: self) }
    /// From any integer that fits.
    public static func decode(from cell: PostgresCell) throws -> Int16 { try decodeInteger(from: cell) }
}

extension Int32: PostgresEncodable, PostgresDecodable {
    /// `integer`
    public static var postgresType: PostgresType { .int4 }
    /// Four bytes, the most significant first.
    public func encode(into buffer: inout [UInt8]) { buffer.append(bigEndian: self) }
    /// From any integer that fits.
    public static func decode(from cell: PostgresCell) throws -> Int32 { try decodeInteger(from: cell) }
}

extension Int64: PostgresEncodable, PostgresDecodable {
    /// `bigint`
    public static var postgresType: PostgresType { .int8 }
    /// Eight bytes, the most significant first.
    public func encode(into buffer: inout [UInt8]) { buffer.append(bigEndian: self) }
    /// From any integer that fits.
    public static func decode(from cell: PostgresCell) throws -> Int64 { try decodeInteger(from: cell) }
}

extension Int: PostgresEncodable, PostgresDecodable {
    /// `bigint`
    public static var postgresType: PostgresType { .int8 }
    /// Eight bytes, the most significant first.
    public func encode(into buffer: inout [UInt8]) { buffer.append(bigEndian: Int64(self)) }
    /// From any integer that fits.
    public static func decode(from cell: PostgresCell) throws -> Int { try decodeInteger(from: cell) }
}

extension Double: PostgresEncodable, PostgresDecodable {
    /// `double precision`
    public static var postgresType: PostgresType { .float8 }
    /// Eight bytes, the most significant first.
    public func encode(into buffer: inout [UInt8]) { buffer.append(bigEndian: bitPattern) }
    /// From `double precision` or `real`.
    public static func decode(from cell: PostgresCell) throws -> Double {
        try cell.withBytes { bytes throws(PostgresError) in
            switch (cell.type, bytes.count) {
            case (PostgresType.float8.oid, 8): return Double(bitPattern: bytes.bigEndian())
            case (PostgresType.float4.oid, 4): return Double(Float(bitPattern: bytes.bigEndian()))
            case (PostgresType.float8.oid, _), (PostgresType.float4.oid, _): throw cell.malformed("Double")
            default: throw cell.mismatch("Double")
            }
        }
    }
}
