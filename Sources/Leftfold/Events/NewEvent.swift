/// An event on its way into the log: its stored type and its data, a JSON object.
public struct NewEvent: Sendable, Equatable {
    public var type: EventType
    public var data: [UInt8]

    public init(type: EventType, data: [UInt8]) {
        self.type = type
        self.data = data
    }
}
