/// Folds events into a read model. It says what an event means; when and how often it is asked is the affair of whoever runs it.
///
/// Pure: no I/O, no clock, no randomness, or a rebuild would come out differently (I6). Two forms refine it:
/// ``FoldProjection`` says how rows change, by key; `StatementProjection` of `LeftfoldPostgres` says with which SQL.
public protocol Projection: Sendable {
    static var name: ProjectionName { get }
    /// The version of this code. Raise it with every change of the rows, the tables or their meaning: a read model is only
    /// continued by the version that built it, and a rebuild makes one of the new version beside it.
    var version: Int { get }
    /// The events it wants. The rest is neither handed to it nor decoded.
    var sources: EventSources { get }
    /// Which kept answers the event may change: those that depend on anything named here. Everything unless declared.
    ///
    /// Name what a query could name: the row that is changed, and what lists or counts such rows where it enters, leaves or
    /// moves in them. Asked only about events that it wants. What is left out here lives on in the cache of queries.
    func touches(_ event: RecordedEvent) -> Dependencies
}

extension Projection {
    public var name: ProjectionName { Self.name }
    public func touches(_ event: RecordedEvent) -> Dependencies { .everything }

    /// What the events touch together; everything where that would be more than this many.
    package func touched(by events: some Sequence<RecordedEvent>, atMost limit: Int) -> Dependencies {
        let sources = sources
        var touched = Set<Dependency>()
        for event in events where sources.contains(event) {
            guard case .only(let more) = touches(event) else { return .everything }
            touched.formUnion(more)
            if touched.count > limit { return .everything }
        }
        return .only(touched)
    }
}
