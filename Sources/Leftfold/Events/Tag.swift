/// A mark on an event by which it is found across streams, such as `course:7f1c…`. Decisions by query rest on tags.
///
/// One byte to 255, without control characters.
public struct Tag: Sendable, Hashable, Codable, CustomStringConvertible, RawRepresentable, ExpressibleByStringInterpolation {
    public let rawValue: String

    public init?(rawValue: String) {
        let bytes = rawValue.utf8
        guard (1...255).contains(bytes.count), bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        self.rawValue = rawValue
    }

    /// A tag written in source, perhaps with an id in it. One that breaks the rule is a mistake of the programmer and
    /// traps: put ids in it, not what people typed.
    public init(stringLiteral text: String) {
        guard let tag = Tag(rawValue: text) else { preconditionFailure("“\(text)” is not a tag") }
        self = tag
    }

    public var description: String { rawValue }
}
