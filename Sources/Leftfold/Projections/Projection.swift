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
}

extension Projection {
    public var name: ProjectionName { Self.name }
}
