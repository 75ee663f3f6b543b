/// The name of a projection, such as `user_directory`: lowercase ASCII letters, digits and underscores, beginning with a
/// letter, 63 bytes at most.
public struct ProjectionName: Sendable, Hashable, CustomStringConvertible, RawRepresentable, ExpressibleByStringLiteral {
    public let rawValue: String

    public init?(rawValue: String) {
        guard StreamCategory.isWellFormed(rawValue.utf8) else { return nil }
        self.rawValue = rawValue
    }

    /// A name written in source. An ill-formed literal is a mistake of the programmer and traps.
    public init(stringLiteral name: StaticString) {
        guard let name = ProjectionName(rawValue: "\(name)") else { preconditionFailure("“\(name)” is not the name of a projection") }
        self = name
    }

    public var description: String { rawValue }
}
