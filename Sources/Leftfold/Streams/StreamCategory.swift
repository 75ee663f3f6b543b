/// All streams of one aggregate type: `user` in `user-7f1c…`.
///
/// A category is lowercase ASCII letters, digits and underscores, and begins with a letter, so that the first hyphen
/// of a stream name always ends the category.
public struct StreamCategory: Sendable, Hashable, CustomStringConvertible, ExpressibleByStringLiteral {
    public let name: String

    public init?(_ name: String) {
        guard let first = name.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first), name.utf8.count <= 63,
            name.utf8.allSatisfy({ $0.isLowercaseLetterOrDigit || $0 == UInt8(ascii: "_") })
        else { return nil }
        self.name = name
    }

    /// A category written in source. An ill-formed literal is a mistake of the programmer and traps.
    public init(stringLiteral name: StaticString) {
        guard let category = StreamCategory("\(name)") else { preconditionFailure("“\(name)” is not a category") }
        self = category
    }

    public var description: String { name }
}

extension UInt8 {
    var isLowercaseLetterOrDigit: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }
}
