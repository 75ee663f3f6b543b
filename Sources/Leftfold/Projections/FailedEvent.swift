/// An event that a follower cannot take in. It stops there; everything before the event is in.
public struct FailedEvent: Error, Sendable, CustomStringConvertible {
    public let event: RecordedEvent
    public let reason: String

    public init(_ event: RecordedEvent, reason: any Error) {
        self.event = event
        self.reason = "\(reason)"
    }

    package init(_ event: RecordedEvent, reason: String) {
        self.event = event
        self.reason = reason
    }

    public var description: String { "the \(event.type) at position \(event.position) (\(event.stream)) cannot be applied: \(reason)" }
}
