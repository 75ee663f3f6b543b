/// What a decision on more than one stream changes: events and the streams they go to, in order.
///
/// ```swift
/// Changes(.withdrawn(amount: amount), to: source) + Changes(.deposited(amount: amount), to: destination)
/// ```
public struct Changes: Sendable, Equatable {
    /// One event for one stream.
    public struct Change: Sendable {
        public let stream: StreamName
        public let event: any Event
        package let encode: @Sendable () throws -> NewEvent
    }

    public private(set) var all: [Change] = []

    /// Nothing to change, which is accepted.
    public static let none = Changes()

    public init() {}

    /// Events for one stream.
    public init<A: Aggregate>(_ events: A.Event..., to stream: StreamID<A>) {
        for event in events { append(event, to: stream) }
    }

    public mutating func append<A: Aggregate>(_ event: A.Event, to stream: StreamID<A>) {
        all.append(Change(stream: stream.name, event: event, encode: { try EventCodec.encode(event) }))
    }

    public static func + (first: Self, second: Self) -> Self {
        var changes = first
        changes.all += second.all
        return changes
    }
}

extension Changes.Change: Equatable {
    public static func == (a: Self, b: Self) -> Bool {
        func equal<E: Event>(_ event: E) -> Bool { event == b.event as? E }
        return a.stream == b.stream && equal(a.event)
    }
}
