public import Foundation

/// The stream of one aggregate, typed by the aggregate.
public struct StreamID<Target: Aggregate>: Sendable, Hashable {
    public let name: StreamName

    /// The stream `category-uuid`, with the UUID in lower case.
    public init(_ id: UUID) { name = StreamName(trusted: "\(Target.category.rawValue)-\(id.text)") }

    /// The stream `category-key`, for aggregates with a key of their own, such as an ISBN. Nil where the key is empty, has
    /// control characters, or makes the name longer than 255 bytes.
    public init?(key: String) {
        guard let name = StreamName(rawValue: "\(Target.category.rawValue)-\(key)") else { return nil }
        self.name = name
    }

    /// Nil where the stream is of another category.
    public init?(_ name: StreamName) {
        guard name.belongs(to: Target.category) else { return nil }
        self.name = name
    }

    /// The id as a UUID; nil where the stream was not named by one.
    public var uuid: UUID? { name.uuid }
}

extension StreamName {
    /// The id as a UUID; nil where it is not one.
    public var uuid: UUID? { UUID(uuidString: String(id)) }
}
