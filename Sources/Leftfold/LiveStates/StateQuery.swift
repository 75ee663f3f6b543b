/// A query that is answered from the events of one stream, folded when it is asked: the state as it was at some version or time, without a read
/// model. It has a permission like any other query, and is never kept.
///
/// ```swift
/// struct GetBalanceAt: StateQuery {
///     typealias Answer = Int
///     static let permission: Permission = "accounts:read"
///     var id: UUID
///     var version: StreamVersion
///
///     var stream: StreamID<Account> { StreamID(id) }
///     var moment: StreamMoment { .version(version) }
///     func answer(_ folded: FoldedState<Account>) -> Int { folded.state.balance }
/// }
/// ```
///
/// Register ``QueryHandler/init(_:folding:)`` with the query bus.
public protocol StateQuery: Query {
    associatedtype Target: Aggregate

    var stream: StreamID<Target> { get }
    /// Up to where its events are folded; all of them unless declared.
    var moment: StreamMoment { get }
    /// Makes the answer of the state. A `Refusal` that it throws, such as `NotFound`, is the answer.
    func answer(_ folded: FoldedState<Target>) throws -> Answer
}

extension StateQuery {
    public static var reads: [ProjectionName] { [] }
    public static var caching: QueryCaching { .off }
    public var moment: StreamMoment { .end }
}

extension QueryHandler {
    /// Of a query that is answered from the events of one stream. The answer knows all that is in the log (I9).
    ///
    /// - Parameters:
    ///   - type: the query's.
    ///   - store: where the stream is read.
    public init<Q: StateQuery>(_ type: Q.Type, folding store: any EventStore) {
        self.init(Q.self) { query, context in
            let head = try await store.head()
            if let wanted = context.after, head < wanted { throw NotYetVisible(wanted: wanted, reached: head) }
            return Answered(try query.answer(try await store.state(of: query.stream, at: query.moment)), at: head)
        }
    }
}
