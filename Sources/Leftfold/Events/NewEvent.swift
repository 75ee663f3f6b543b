/// An event as it is stored: on its way into the log, or between two upcasters.
public struct NewEvent: Sendable, Equatable {
    public var type: EventType
    /// Of the shape of `data`; see ``Event/versions``.
    public var version: Int
    /// A JSON object.
    public var data: [UInt8]
    public var tags: Set<Tag>

    public init(type: EventType, version: Int = 1, data: [UInt8], tags: Set<Tag> = []) {
        self.type = type
        self.version = version
        self.data = data
        self.tags = tags
    }
}
