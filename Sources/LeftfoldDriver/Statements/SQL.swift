/// A statement whose values are bound, never spliced: `"SELECT * FROM users WHERE id = \(id)"` is sent as `… WHERE id = $1` and one value.
///
/// - `\(value)` binds any ``PostgresEncodable``; an empty `Optional` is a `NULL` of the right type.
/// - `\(identifier: name)` writes a quoted identifier; only `[a-z_][a-z0-9_]{0,62}` is let through.
/// - `\(unsafe: text)` splices raw text. Never give it anything a user typed.
/// - `\(fragment: sql)` splices another `SQL` with its values, `\(fragments: list)` several with commas between them.
///
/// What cannot be sent is found while the statement is made, and thrown when it is executed, before anything reaches the server: `.encoding`
/// for a value, an identifier or a NUL, `.misuse` for more than 65535 values.
public struct SQL: Sendable, ExpressibleByStringInterpolation {
    /// The statement without its values. The placeholders get their numbers when the server is to learn the text, so that a statement
    /// can be put together from others.
    struct Template: Sendable, Hashable {
        /// UTF-8. No `String`, for which two spellings of one character are equal.
        var literal: [UInt8] = []
        var placeholders: [Placeholder] = []
    }

    struct Placeholder: Sendable, Hashable {
        /// How much of the literal text comes before it, in bytes.
        var position: Int
        let type: UInt32
    }

    private(set) var template = Template()
    /// The bound values in binary format, one behind the other.
    private(set) var values: [UInt8] = []
    /// The length of each value; `nil` is `NULL`.
    private(set) var lengths: [Int32?] = []
    /// Why this statement cannot be sent; the first reason counts.
    private(set) var problem: PostgresError?

    private init() {}

    /// A statement from raw text without values. The caller answers for the text.
    public init(unsafe text: String) { append(text) }

    /// A statement without values.
    public init(stringLiteral value: String) { append(value) }

    /// What an interpolated literal collects.
    public init(stringInterpolation: Interpolation) { self = stringInterpolation.sql }

    /// The text as the server gets it, with `$1`, `$2`, … .
    public var text: String { template.text }

    /// Whether a name passes the allow-list for identifiers: `[a-z_][a-z0-9_]{0,62}`.
    public static func isIdentifier(_ name: String) -> Bool {
        let bytes = name.utf8
        guard let first = bytes.first, bytes.count <= 63, first == UInt8(ascii: "_") || (0x61...0x7A).contains(first) else { return false }
        return bytes.allSatisfy { $0 == UInt8(ascii: "_") || (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
    }

    /// Collects literal text and bound values.
    public struct Interpolation: StringInterpolationProtocol, Sendable {
        fileprivate var sql = SQL()

        /// Starts empty.
        public init(literalCapacity: Int, interpolationCount: Int) {
            sql.template.literal.reserveCapacity(literalCapacity)
            sql.template.placeholders.reserveCapacity(interpolationCount)
            sql.values.reserveCapacity(interpolationCount * 16)
            sql.lengths.reserveCapacity(interpolationCount)
        }

        /// Text of the literal.
        public mutating func appendLiteral(_ literal: String) { sql.append(literal) }

        /// Binds a value.
        public mutating func appendInterpolation<T: PostgresEncodable>(_ value: T) { sql.bind(value) }

        /// Binds a value, or a `NULL` of its type. Without it the compiler takes an `Optional` in a literal for a slip.
        public mutating func appendInterpolation<T: PostgresEncodable>(_ value: T?) { sql.bind(value) }

        /// Writes a quoted identifier.
        public mutating func appendInterpolation(identifier name: String) {
            if SQL.isIdentifier(name) {
                sql.append("\"\(name)\"")
            } else {
                sql.fail(PostgresError(.encoding, "an identifier must match [a-z_][a-z0-9_]{0,62}"))
            }
        }

        /// Splices raw text.
        public mutating func appendInterpolation(unsafe text: String) { sql.append(text) }

        /// Splices another statement's text and values.
        public mutating func appendInterpolation(fragment: SQL) { sql.append(fragment) }

        /// Splices a list of statements, with text between them.
        public mutating func appendInterpolation(fragments: [SQL], separator: String = ", ") {
            for (index, fragment) in fragments.enumerated() {
                if index > 0 { sql.append(separator) }
                sql.append(fragment)
            }
        }
    }

    private mutating func append(_ text: String) {
        if text.utf8.containsNUL { fail(PostgresError(.encoding, "a statement with a NUL character cannot be sent to Postgres")) }
        template.literal.append(contentsOf: text.utf8)
    }

    private mutating func append(_ other: SQL) {
        let start = template.literal.count
        template.literal += other.template.literal
        for var placeholder in other.template.placeholders {
            placeholder.position += start
            template.placeholders.append(placeholder)
        }
        values += other.values
        lengths += other.lengths
        if let problem = other.problem { fail(problem) }
        checkCount()
    }

    private mutating func bind<T: PostgresEncodable>(_ value: T) {
        template.placeholders.append(Placeholder(position: template.literal.count, type: T.postgresType.oid))
        if value.isNull {
            lengths.append(nil)
        } else {
            let start = values.count
            do throws(PostgresError) {
                try value.encode(into: &values)
            } catch {
                fail(error)
            }
            let length = values.count - start
            if length >= 1 << 30 { fail(PostgresError(.encoding, "a value of 1 GiB or more cannot be sent to Postgres")) }
            lengths.append(Int32(clamping: length))
        }
        checkCount()
    }

    private mutating func checkCount() {
        if lengths.count > 65_535 { fail(PostgresError(.misuse, "a statement takes at most 65535 values")) }
    }

    private mutating func fail(_ error: PostgresError) { problem = problem ?? error }
}

extension SQL {
    /// Whether the statement begins with this word, in whatever case. In lowercase ASCII.
    package func firstWord(_ word: StaticString) -> Bool {
        let text = template.literal.drop { $0 <= UInt8(ascii: " ") }
        guard text.count > word.utf8CodeUnitCount, text.starts(with: word, by: { $0 | 0x20 == $1 }) else { return false }
        return text[text.startIndex + word.utf8CodeUnitCount] <= UInt8(ascii: " ")
    }

    /// Whether these letters stand anywhere in the text, in whatever case. In lowercase ASCII.
    package func mentions(_ letters: StaticString) -> Bool {
        letters.withUTF8Buffer { letters in
            template.literal.withUnsafeBufferPointer { text in
                guard let first = letters.first, text.count >= letters.count else { return false }
                return (0...text.count - letters.count).contains { start in
                    text[start] | 0x20 == first && letters.indices.allSatisfy { text[start + $0] | 0x20 == letters[$0] }
                }
            }
        }
    }

    /// Without the semicolon that it may end with, so that it can stand within another statement.
    package func withoutSemicolon() -> SQL {
        var sql = self
        while let last = sql.template.literal.last, last <= UInt8(ascii: " ") || last == UInt8(ascii: ";"),
            sql.template.placeholders.last.map({ $0.position < sql.template.literal.count }) ?? true
        { sql.template.literal.removeLast() }
        return sql
    }
}

extension Collection<UInt8> {
    fileprivate func starts(with text: StaticString, by areEqual: (UInt8, UInt8) -> Bool) -> Bool {
        text.withUTF8Buffer { starts(with: $0, by: areEqual) }
    }
}

extension SQL.Template {
    /// The text with numbered placeholders.
    fileprivate var text: String {
        var numbered: [UInt8] = []
        numbered.reserveCapacity(literal.count + placeholders.count * 4)
        var start = 0
        for (index, placeholder) in placeholders.enumerated() {
            numbered += literal[start..<placeholder.position]
            numbered += "$\(index + 1)".utf8
            start = placeholder.position
        }
        numbered += literal[start...]
        return String(decoding: numbered, as: UTF8.self)
    }

    static func == (left: Self, right: Self) -> Bool {
        left.placeholders == right.placeholders && left.literal == right.literal
    }

    /// The text as one piece: an array would be hashed byte by byte.
    func hash(into hasher: inout Hasher) { literal.withUnsafeBytes { hasher.combine(bytes: $0) } }
}
