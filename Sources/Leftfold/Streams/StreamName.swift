/// The name of one stream, `category-id`: the ordered events of one aggregate.
public struct StreamName: Sendable, Hashable, CustomStringConvertible, RawRepresentable {
    public let rawValue: String

    /// Accepts `category-id` with a well-formed category and a non-empty id; at most 255 bytes.
    public init?(rawValue: String) {
        guard rawValue.utf8.count <= 255, let hyphen = rawValue.firstIndex(of: "-"),
            StreamCategory(String(rawValue[..<hyphen])) != nil, rawValue.index(after: hyphen) < rawValue.endIndex,
            rawValue.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        self.rawValue = rawValue
    }

    init(trusted rawValue: String) { self.rawValue = rawValue }

    public var category: StreamCategory? { StreamCategory(String(rawValue.prefix { $0 != "-" })) }

    /// What follows the category's hyphen.
    public var id: Substring {
        guard let hyphen = rawValue.firstIndex(of: "-") else { return "" }
        return rawValue[rawValue.index(after: hyphen)...]
    }

    public var description: String { rawValue }
}
