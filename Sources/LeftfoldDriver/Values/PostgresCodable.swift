/// A value that can be bound to a statement, in Postgres' binary format.
public protocol PostgresEncodable: Sendable {
    /// The server's type.
    static var postgresType: PostgresType { get }
    /// Whether it is bound as `NULL`, without being encoded.
    var isNull: Bool { get }
    /// Appends the binary format. Throws `.encoding` if the value cannot be sent; whoever executes the statement gets that error.
    func encode(into buffer: inout [UInt8]) throws(PostgresError)
}

/// A value that can be read from a cell in Postgres' binary format.
public protocol PostgresDecodable: Sendable {
    /// Reads one value. Throws a ``PostgresError`` of kind `.decoding` for `NULL`, for a type that does not fit and for a value out of range.
    static func decode(from cell: PostgresCell) throws -> Self
}

/// A value that travels both ways.
public typealias PostgresCodable = PostgresEncodable & PostgresDecodable

extension PostgresEncodable {
    /// False: only an ``Optional`` can be `NULL`.
    public var isNull: Bool { false }
}

// A newtype over a codable raw value needs no code of its own.
extension PostgresEncodable where Self: RawRepresentable, RawValue: PostgresEncodable {
    /// The raw value's type.
    public static var postgresType: PostgresType { RawValue.postgresType }
    /// Encodes the raw value; throws what that throws.
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
    /// The wrapped value's type.
    public static var postgresType: PostgresType { Wrapped.postgresType }
    /// Whether there is no value.
    public var isNull: Bool { self?.isNull ?? true }
    /// Encodes the value, if there is one; throws what that throws.
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
