public import LeftfoldDriver

/// The name of a log, which is the name of the schema that holds it. Two logs of one database share nothing.
///
/// Lowercase ASCII letters, digits and underscores, beginning with a letter, 48 bytes at most.
public struct LogName: Sendable, Hashable, CustomStringConvertible, RawRepresentable, ExpressibleByStringLiteral {
    public let rawValue: String

    public init?(rawValue: String) {
        guard rawValue.utf8.count <= 48, SQL.isIdentifier(rawValue), rawValue.first != "_", !rawValue.hasPrefix("pg_"), rawValue != "public"
        else { return nil }
        self.rawValue = rawValue
    }

    /// The log of a service that has only one: `leftfold`.
    public static let standard: LogName = "leftfold"

    /// A name written in source. An ill-formed literal is a mistake of the programmer and traps.
    public init(stringLiteral name: StaticString) {
        guard let name = LogName(rawValue: "\(name)") else { preconditionFailure("“\(name)” is not the name of a log") }
        self = name
    }

    public var description: String { rawValue }
}

extension SQL.Interpolation {
    /// Names the schema of a log: `\(log).events`.
    public mutating func appendInterpolation(_ log: LogName) { appendInterpolation(identifier: log.rawValue) }
}
