/// What an event does to the rows of a ``FoldProjection``. The changes are noted here and made later, in order, when the rows
/// that they concern have been loaded; so a change sees nothing but its row.
public struct RowChanges<Key: Hashable & Sendable, Row: Sendable>: Sendable {
    package struct Change: Sendable {
        package let key: Key
        package let evolve: @Sendable (inout Row?) throws -> Void
    }

    package private(set) var changes: [Change] = []

    package init() {}

    /// Moves the row with this key, which is nil while there is none, past the event.
    public mutating func evolve(_ key: Key, _ evolve: @escaping @Sendable (inout Row?) throws -> Void) {
        changes.append(Change(key: key, evolve: evolve))
    }

    /// The row is this one from now on.
    public mutating func set(_ key: Key, _ row: Row) { evolve(key) { $0 = row } }

    /// Changes the row. That there is none is an error, which stops the projection at this event.
    public mutating func update(_ key: Key, _ change: @escaping @Sendable (inout Row) throws -> Void) {
        evolve(key) { row in
            guard var present = row else { throw MissingRow(key: "\(key)") }
            try change(&present)
            row = present
        }
    }

    /// From now on there is no such row.
    public mutating func remove(_ key: Key) { evolve(key) { $0 = nil } }
}

/// An event changes a row that is not there.
public struct MissingRow: Error, Sendable, CustomStringConvertible {
    public let key: String
    public var description: String { "there is no row with the key \(key)" }
}
