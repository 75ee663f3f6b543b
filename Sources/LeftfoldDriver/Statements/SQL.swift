/// A value bound to a statement, in binary format.
public struct Parameter: Sendable {
    /// The server's type.
    public let oid: UInt32
    /// The value; `nil` is `NULL`.
    public let bytes: [UInt8]?
    /// Why the value cannot be sent; thrown by whoever executes the statement.
    let failure: PostgresError?

    /// Encodes a value. One that cannot be sent makes the statement fail before anything is sent.
    public init<T: PostgresEncodable>(_ value: T) {
        oid = T.postgresType.oid
        if value.isNull {
            (bytes, failure) = (nil, nil)
            return
        }
        var buffer: [UInt8] = []
        do throws(PostgresError) {
            try value.encode(into: &buffer)
            guard buffer.count < 1 << 30 else { throw PostgresError(.encoding, "a value of 1 GiB or more cannot be sent to Postgres") }
            (bytes, failure) = (buffer, nil)
        } catch {
            (bytes, failure) = (nil, error)
        }
    }

    /// A value that is encoded already.
    public init(type: PostgresType, bytes: [UInt8]?) {
        oid = type.oid
        self.bytes = bytes
        failure = nil
    }
}

/// A statement whose values are bound, never spliced: `"SELECT * FROM users WHERE id = \(id)"` becomes `… WHERE id = $1` and one parameter.
///
/// - `\(value)` binds any ``PostgresEncodable``; an empty `Optional` is a `NULL` of the right type.
/// - `\(identifier: name)` writes a quoted identifier; only `[a-z_][a-z0-9_]{0,62}` is let through, anything else fails at execution.
/// - `\(unsafe: text)` splices raw text. Never give it anything a user typed.
/// - `\(fragment: sql)` splices another `SQL` and its parameters, numbered on.
public struct SQL: Sendable, ExpressibleByStringInterpolation {
    /// The text with `$1`, `$2`, … .
    public var text: String
    /// The bound values.
    public var parameters: [Parameter]
    /// Why this statement cannot be executed; thrown before anything is sent.
    var failure: PostgresError?

    /// A statement from raw text with placeholders. The caller answers for the text.
    public init(unsafe text: String, _ parameters: [Parameter] = []) {
        self.text = text
        self.parameters = parameters
        failure = parameters.lazy.compactMap(\.failure).first
    }

    /// A statement without values.
    public init(stringLiteral value: String) { self.init(unsafe: value) }

    /// What an interpolated literal collects.
    public init(stringInterpolation: Interpolation) { self = stringInterpolation.sql }

    /// Collects text and bound values.
    public struct Interpolation: StringInterpolationProtocol, Sendable {
        var sql: SQL

        /// Starts empty.
        public init(literalCapacity: Int, interpolationCount: Int) {
            sql = SQL(unsafe: "")
            sql.text.reserveCapacity(literalCapacity + interpolationCount * 3)
            sql.parameters.reserveCapacity(interpolationCount)
        }

        /// Text of the literal.
        public mutating func appendLiteral(_ literal: String) { sql.text += literal }

        /// Binds a value.
        public mutating func appendInterpolation<T: PostgresEncodable>(_ value: T) { bind(Parameter(value)) }

        /// Binds a value, or a `NULL` of its type.
        public mutating func appendInterpolation<T: PostgresEncodable>(_ value: T?) { bind(Parameter(value)) }

        /// Binds a value encoded before.
        public mutating func appendInterpolation(_ parameter: Parameter) { bind(parameter) }

        /// Writes a quoted identifier.
        public mutating func appendInterpolation(identifier name: String) {
            if SQL.isIdentifier(name) {
                sql.text += "\"\(name)\""
            } else {
                sql.fail(PostgresError(.encoding, "an identifier must match [a-z_][a-z0-9_]{0,62}"))
            }
        }

        /// Splices raw text.
        public mutating func appendInterpolation(unsafe text: String) { sql.text += text }

        /// Splices another statement's text and values.
        public mutating func appendInterpolation(fragment: SQL) {
            sql.text += fragment.textNumbered(from: sql.parameters.count)
            sql.parameters += fragment.parameters
            if let failure = fragment.failure { sql.fail(failure) }
        }

        private mutating func bind(_ parameter: Parameter) {
            sql.parameters.append(parameter)
            sql.text += "$"
            sql.text += String(sql.parameters.count)
            if let failure = parameter.failure { sql.fail(failure) }
        }
    }

    /// Whether a name passes the allow-list for identifiers: `[a-z_][a-z0-9_]{0,62}`.
    public static func isIdentifier(_ name: String) -> Bool {
        let bytes = name.utf8
        guard let first = bytes.first, bytes.count <= 63, first == UInt8(ascii: "_") || (0x61...0x7A).contains(first) else { return false }
        return bytes.allSatisfy { $0 == UInt8(ascii: "_") || (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
    }

    /// The first failure wins.
    mutating func fail(_ error: PostgresError) { failure = failure ?? error }

    /// What keeps the statement from being sent, if anything does.
    var problem: PostgresError? {
        if let failure { return failure }
        if parameters.count > 65_535 { return PostgresError(.misuse, "a statement takes at most 65535 parameters") }
        if let failure = parameters.lazy.compactMap(\.failure).first { return failure }
        return text.utf8.contains(0) ? PostgresError(.encoding, "a statement with a NUL character cannot be sent to Postgres") : nil
    }
}
