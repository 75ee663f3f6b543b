/// A value that can be bound to a statement. Values travel in Postgres' binary format.
public protocol PostgresEncodable: Sendable {
    /// The server's type.
    static var postgresType: PostgresType { get }
    /// The server's type for an array of these.
    static var postgresArrayType: PostgresType { get }
    /// Whether this is `NULL`. Only `Optional` says yes.
    var isNull: Bool { get }
    /// Appends the binary format. Throws a ``PostgresError`` of kind `.encoding` if the value cannot be sent; it is thrown when the
    /// statement is executed.
    func encode(into buffer: inout [UInt8]) throws(PostgresError)
    /// Appends the binary format of an array of these.
    static func encodeArray(_ elements: [Self], into buffer: inout [UInt8]) throws(PostgresError)
}

/// A value that can be read from a cell in Postgres' binary format.
public protocol PostgresDecodable: Sendable {
    /// Reads one value; throws a ``PostgresError`` of kind `.decoding` on `NULL` or on a type that does not fit.
    static func decode(from cell: PostgresCell) throws -> Self
    /// Reads an array of these.
    static func decodeArray(from cell: PostgresCell) throws -> [Self]
}

/// Both ways.
public typealias PostgresCodable = PostgresEncodable & PostgresDecodable

extension PostgresEncodable {
    /// The array of `postgresType`.
    public static var postgresArrayType: PostgresType { postgresType.array }
    /// No.
    public var isNull: Bool { false }
}

// A newtype over a codable raw value needs no code of its own.
extension PostgresEncodable where Self: RawRepresentable, RawValue: PostgresEncodable {
    /// The raw value's type.
    public static var postgresType: PostgresType { RawValue.postgresType }
    /// Encodes the raw value.
    public func encode(into buffer: inout [UInt8]) throws(PostgresError) { try rawValue.encode(into: &buffer) }
}

extension PostgresDecodable where Self: RawRepresentable, RawValue: PostgresDecodable {
    /// Decodes the raw value; a raw value that is no member is a decoding error.
    public static func decode(from cell: PostgresCell) throws -> Self {
        guard let value = Self(rawValue: try RawValue.decode(from: cell)) else { throw cell.mismatch("\(Self.self)") }
        return value
    }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    /// The wrapped type's.
    public static var postgresType: PostgresType { Wrapped.postgresType }
    /// The array of the wrapped type.
    public static var postgresArrayType: PostgresType { Wrapped.postgresType.array }
    /// Whether there is no value.
    public var isNull: Bool { self?.isNull ?? true }
    /// Encodes the value, if there is one.
    public func encode(into buffer: inout [UInt8]) throws(PostgresError) {
        if let self { try self.encode(into: &buffer) }
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    /// `nil` for `NULL`.
    public static func decode(from cell: PostgresCell) throws -> Wrapped? {
        cell.isNull ? nil : try Wrapped.decode(from: cell)
    }
}
