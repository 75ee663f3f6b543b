/// A question to the read models. `Get…` or `List…`; never answered from the aggregates.
public protocol Query: Codable, Hashable, Sendable {
    associatedtype Answer: Codable & Sendable

    /// The name on the wire; the type's name unless declared.
    static var name: String { get }
    /// Who may ask. There is no default: a query without a permission does not compile.
    static var permission: Permission { get }
    /// The projections whose tables it reads: what read-your-writes waits for.
    static var reads: [ProjectionName] { get }

    /// Throws a `Refusal` for what makes no sense by itself: ``ValidationError`` names the fields.
    func validate() throws

    /// Who may ask, but sees only what ``own(_:of:)`` leaves of the answer. Nobody unless declared.
    static var ownPermission: Permission? { get }
    /// What a principal who has but ``ownPermission`` may see of an answer; nil, which is denied, unless declared. What does
    /// not exist is denied to such a principal, too: whether it exists is not told.
    static func own(_ answer: Answer, of principal: Principal) -> Answer?

    /// Whether answers are kept, and for how long. On unless declared; see ``QueryCaching``.
    static var caching: QueryCaching { get }
    /// What the answer depends on, in the words of the projections' ``Projection/touches(_:)``. Everything unless declared.
    ///
    /// An event that touches none of these must not change the answer: name also what is *not* in it but could come in.
    func dependencies(of answer: Answer) -> Dependencies

    /// How long it may take from being asked to being answered; 5 s unless declared. Beyond that it is refused with
    /// ``QueryTimedOut``, and the server is told to stop.
    static var timeout: Duration { get }
    /// How many are read at once in this process; 8 unless declared. More wait in line, within their timeout, and are then
    /// refused with ``TooManyQueries``. Kept answers are not counted. Where those of all dear queries together stay below the connections
    /// for queries (10 unless configured), cheap ones find a connection however many dear ones are asked.
    static var maximumRunning: Int { get }
    /// More rows than this are not answered but refused with ``TooManyRows``; 10,000 unless declared.
    static var maximumRows: Int { get }
}

extension Query {
    public static var name: String { String(describing: Self.self) }
    public func validate() throws {}

    public static var ownPermission: Permission? { nil }
    public static func own(_ answer: Answer, of principal: Principal) -> Answer? { nil }

    public static var caching: QueryCaching { .on() }
    public func dependencies(of answer: Answer) -> Dependencies { .everything }

    public static var timeout: Duration { .seconds(5) }
    public static var maximumRunning: Int { 8 }
    public static var maximumRows: Int { 10_000 }
}

/// Whether the answers to a query are kept.
public enum QueryCaching: Sendable, Hashable {
    /// Kept while nothing that they depend on changes, and no longer than this: for those who do not trust their
    /// dependencies. An answer that depends on anything but the read tables, such as the time, needs a short one, or `off`.
    case on(longestAge: Duration = .seconds(3600))
    case off
}
