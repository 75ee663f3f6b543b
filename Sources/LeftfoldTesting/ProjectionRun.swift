public import Leftfold

/// A read model in memory: a fold projection run over any store, such as the one in memory.
/// ```swift
/// var balances = ProjectionRun(Balances())
/// try await balances.catchUp(with: store)
/// #expect(balances.rows == [id: Balances.Row(owner: "Ada", balance: 5)])
/// ```
public struct ProjectionRun<P: FoldProjection>: Sendable {
    private let projection: P
    public private(set) var rows: [P.Key: P.Row] = [:]
    /// All events up to here are in the rows.
    public private(set) var position = GlobalPosition.zero

    public init(_ projection: P) { self.projection = projection }

    /// Applies what the store has beyond the position. Throws `FailedEvent` for an event that cannot be applied,
    /// with the rows as they were before the page in which it is.
    ///
    /// - Parameters:
    ///   - store: the log, in memory as a rule.
    ///   - pageSize: events applied at a time; the rows do not depend on it.
    public mutating func catchUp(with store: some EventStore, pageSize: Int = 100) async throws {
        while true {
            let page = try await store.read(after: position, limit: pageSize)
            guard let last = page.last else { return }
            try apply(page)
            position = last.position
        }
    }

    /// Applies these events, wherever they come from. All or none.
    public mutating func apply(_ events: [RecordedEvent]) throws(FailedEvent) {
        var changed = rows
        try Fold(events, projection).apply(to: &changed)
        rows = changed
    }
}
