/// Which events a projection wants: of these aggregates, all of them or only some.
///
/// ```swift
/// let sources: EventSources = [.all(of: User.self), .only([.opened, .closed], of: Account.self)]
/// ```
public struct EventSources: Sendable, ExpressibleByArrayLiteral {
    private var sources: [Source]

    private struct Source {
        var category: StreamCategory
        /// Of what the aggregate knows, what is not wanted. A type that it does not know is handed over: opening it is an
        /// error, and a projection that went past it would lie.
        var unwanted: Set<EventType>
    }

    private init(_ sources: [Source]) { self.sources = sources }

    /// All of them together. Sources of one category must not differ: the first is taken.
    public init(arrayLiteral parts: EventSources...) { sources = parts.flatMap(\.sources) }

    /// Every event of an aggregate.
    public static func all<A: Aggregate>(of aggregate: A.Type) -> EventSources { category(A.category) }

    /// These events of an aggregate. Old stored shapes, which may become one of them, are handed over, too: opened, they
    /// may turn out to be another. So be ready for all cases.
    public static func only<A: Aggregate>(_ wanted: [A.Event.CodingKeys], of aggregate: A.Type) -> EventSources {
        let old = Set(A.upcasters.map(\.type))
        let unwanted = Set(A.Event.types).subtracting(wanted.map { EventType($0.stringValue) }).subtracting(old)
        return EventSources([Source(category: A.category, unwanted: unwanted)])
    }

    /// Every event of a category, for streams without an aggregate.
    public static func category(_ category: StreamCategory) -> EventSources {
        EventSources([Source(category: category, unwanted: [])])
    }

    /// In a form that the log itself can go by: categories, and what is not wanted of them, each as the category, a space and the type.
    package var filter: (categories: [String], unwanted: [String]) {
        var seen = Set<StreamCategory>()
        let first = sources.filter { seen.insert($0.category).inserted }
        return (
            first.map(\.category.rawValue), first.flatMap { source in source.unwanted.map { "\(source.category) \($0)" }.sorted() }
        )
    }

    /// What any of them wants.
    package init(unionOf all: [EventSources]) {
        var unwanted: [(category: StreamCategory, types: Set<EventType>)] = []
        for sources in all {
            var seen = Set<StreamCategory>()
            for source in sources.sources where seen.insert(source.category).inserted {
                if let index = unwanted.firstIndex(where: { $0.category == source.category }) {
                    unwanted[index].types.formIntersection(source.unwanted)
                } else {
                    unwanted.append((source.category, source.unwanted))
                }
            }
        }
        sources = unwanted.map { Source(category: $0.category, unwanted: $0.types) }
    }

    /// Whether the event is one of them.
    public func contains(_ event: RecordedEvent) -> Bool {
        guard let source = sources.first(where: { event.stream.belongs(to: $0.category) }) else { return false }
        return !source.unwanted.contains(event.type)
    }
}
