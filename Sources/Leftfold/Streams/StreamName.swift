/// The name of one stream, `category-id`: the ordered events of one aggregate.
public struct StreamName: Sendable, Hashable, CustomStringConvertible, RawRepresentable {
    public let rawValue: String

    /// Accepts `category-id` with a well-formed category and an id of one byte at least, without control characters; 255
    /// bytes at most. The table of events has the same rule.
    public init?(rawValue: String) {
        let bytes = rawValue.utf8
        guard bytes.count <= 255, let hyphen = bytes.firstIndex(of: UInt8(ascii: "-")),
            StreamCategory.isWellFormed(bytes[..<hyphen]), bytes.index(after: hyphen) < bytes.endIndex,
            bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        self.rawValue = rawValue
    }

    init(trusted rawValue: String) { self.rawValue = rawValue }

    public var category: StreamCategory {
        StreamCategory(trusted: String(Substring(rawValue.utf8.prefix { $0 != UInt8(ascii: "-") })))
    }

    /// What follows the category's hyphen.
    public var id: Substring { Substring(rawValue.utf8.drop { $0 != UInt8(ascii: "-") }.dropFirst()) }

    /// Whether it is one of the category's streams. Compares bytes, so that readers of the whole log can afford it.
    public func belongs(to category: StreamCategory) -> Bool {
        var bytes = rawValue.utf8.makeIterator()
        for byte in category.rawValue.utf8 where bytes.next() != byte { return false }
        return bytes.next() == UInt8(ascii: "-")
    }

    public var description: String { rawValue }
}
