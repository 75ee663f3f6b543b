/// The streams of several aggregates, each named once: a command that names one twice is refused (``RepeatedStream``).
public struct StreamIDs<each A: Aggregate>: BoundaryReference {
    public let ids: (repeat StreamID<each A>)

    public init(_ ids: repeat StreamID<each A>) { self.ids = (repeat each ids) }

    public var streams: [StreamName] {
        var names: [StreamName] = []
        for id in repeat each ids { names.append(id.name) }
        return names
    }
}
