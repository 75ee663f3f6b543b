/// All streams of one aggregate type: `user` in `user-7f1c…`.
///
/// Lowercase ASCII letters, digits and underscores, 63 bytes at most, beginning with a letter: so the first hyphen of a
/// stream name always ends the category.
public struct StreamCategory: Sendable, Hashable, CustomStringConvertible, RawRepresentable, ExpressibleByStringLiteral {
    public let rawValue: String

    public init?(rawValue: String) {
        guard Self.isWellFormed(rawValue.utf8) else { return nil }
        self.rawValue = rawValue
    }

    /// A category written in source. An ill-formed literal is a mistake of the programmer and traps.
    public init(stringLiteral name: StaticString) {
        guard let category = StreamCategory(rawValue: "\(name)") else { preconditionFailure("“\(name)” is not a category") }
        self = category
    }

    init(trusted rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }

    /// The rule, which projections' names obey, too.
    static func isWellFormed(_ name: some Collection<UInt8>) -> Bool {
        guard let first = name.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first), name.count <= 63 else { return false }
        return name.allSatisfy { $0.isLowercaseLetterOrDigit || $0 == UInt8(ascii: "_") }
    }
}

extension UInt8 {
    fileprivate var isLowercaseLetterOrDigit: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }
}
