extension Command {
    /// The aggregates that it is decided on: one, several, or none where a query finds what it needs.
    package static var aggregates: [any Aggregate.Type] {
        switch Target.self {
        case let one as any Aggregate.Type: [one]
        case let several as any SeveralAggregates.Type: several.aggregates
        default: []
        }
    }
}

private protocol SeveralAggregates {
    static var aggregates: [any Aggregate.Type] { get }
}

extension Streams: SeveralAggregates {
    fileprivate static var aggregates: [any Aggregate.Type] {
        var types: [any Aggregate.Type] = []
        for type in repeat (each A).self { types.append(type) }
        return types
    }
}
