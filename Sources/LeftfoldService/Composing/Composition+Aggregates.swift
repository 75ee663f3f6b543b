public import Leftfold

extension Composition {
    /// What its commands decide on, each once.
    public var aggregates: [any Aggregate.Type] {
        var seen: Set<ObjectIdentifier> = []
        return commands.flatMap { $0.aggregates }.filter { seen.insert(ObjectIdentifier($0)).inserted }
    }
}
