/// Which events a decision rests on, or a reader wants: those that match any of its items.
public struct EventQuery: Sendable, Hashable {
    /// Never empty: a query that matches nothing protects nothing.
    public let items: [Item]

    public init(_ first: Item, _ others: Item...) { items = [first] + others }

    /// Events of any of these types that carry all of these tags.
    public struct Item: Sendable, Hashable {
        /// Empty: of any type.
        public let types: Set<EventType>
        /// Empty: whatever their tags. Such an item is looked for event by event; one with tags by its rarest tag.
        public let tags: Set<Tag>

        public init(types: Set<EventType> = [], tags: Set<Tag> = []) {
            self.types = types
            self.tags = tags
        }
    }

    public func matches(_ event: RecordedEvent) -> Bool {
        items.contains { ($0.types.isEmpty || $0.types.contains(event.type)) && $0.tags.isSubset(of: event.tags) }
    }
}

extension EventQuery {
    /// Events that carry all of these tags.
    public static func tagged(_ tags: Tag...) -> EventQuery { EventQuery(Item(tags: Set(tags))) }
}
