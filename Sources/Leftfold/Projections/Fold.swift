/// What a row of events does to the rows of a fold projection: whose rows it needs, and then what becomes of them.
package struct Fold<P: FoldProjection>: Sendable {
    private var changes: [(cause: RecordedEvent, change: RowChanges<P.Key, P.Row>.Change)] = []

    /// Asks the projection about the events that it wants.
    package init(_ events: some Sequence<RecordedEvent>, _ projection: P) throws(FailedEvent) {
        let sources = projection.sources
        for event in events where sources.contains(event) {
            var rows = RowChanges<P.Key, P.Row>()
            do {
                try projection.fold(event, into: &rows)
            } catch {
                throw FailedEvent(event, reason: error)
            }
            for change in rows.changes { changes.append((event, change)) }
        }
    }

    /// The rows that are changed.
    package var keys: Set<P.Key> { Set(changes.lazy.map(\.change.key)) }

    /// Makes the changes, in order.
    package func apply(to rows: inout [P.Key: P.Row]) throws(FailedEvent) {
        try visit { key, evolve in try evolve(&rows[key]) }
    }

    /// Hands over the changes, in order. What making one throws is its event's fault.
    package func visit(_ body: (P.Key, (inout P.Row?) throws -> Void) throws -> Void) throws(FailedEvent) {
        for (cause, change) in changes {
            do {
                try body(change.key, change.evolve)
            } catch {
                throw FailedEvent(cause, reason: error)
            }
        }
    }
}
