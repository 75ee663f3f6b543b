/// Turns an old stored shape into a newer one when it is read. The log itself is never rewritten.
public struct Upcaster: Sendable {
    let type: EventType
    let transform: @Sendable (NewEvent) throws -> NewEvent

    /// - Parameters:
    ///   - type: the stored type it applies to.
    ///   - transform: pure; it may change the data and the type. The result goes through the upcasters after this one.
    public init(from type: EventType, _ transform: @escaping @Sendable (NewEvent) throws -> NewEvent) {
        self.type = type
        self.transform = transform
    }
}

extension Sequence where Element == Upcaster {
    /// Applies each upcaster, in order, that matches the type the event has by then.
    public func upcast(_ event: RecordedEvent) throws -> RecordedEvent {
        var event = event
        for upcaster in self where upcaster.type == event.type {
            let newer = try upcaster.transform(NewEvent(type: event.type, data: event.data))
            (event.type, event.data) = (newer.type, newer.data)
        }
        return event
    }
}
