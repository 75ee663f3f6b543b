/// The state that decisions are made on, rebuilt by replaying its events. A struct; `init()` is the state of an empty stream.
///
/// Pure: it does no I/O, reads no clock, draws no random number.
public protocol Aggregate: Boundary where Reference == StreamID<Self>, Changes == [Event], Rejection: Leftfold.Rejection {
    associatedtype Event: Leftfold.Event

    static var category: StreamCategory { get }
    /// From old stored shapes of this aggregate's events to newer ones. Two for one type and version: the first is taken.
    static var upcasters: [Upcaster] { get }

    init()
    /// Moves the state past one event. It must accept every event ever stored; it never refuses.
    mutating func evolve(_ event: Event)

    /// The values this aggregate holds exclusively in its present state, such as an e-mail address.
    ///
    /// The command bus compares the claims before and after a decision; the store takes and releases the difference in
    /// the transaction of the append. A value held by another stream rejects the command.
    var claims: Set<Claim> { get }
}

extension Aggregate {
    public static var upcasters: [Upcaster] { [] }
    public var claims: Set<Claim> { [] }

    /// The state after these events.
    public init(replaying events: some Sequence<Event>) {
        self.init()
        for event in events { evolve(event) }
    }

    public static func accept<C: Command, V: BoundaryVisitor>(_ command: C, _ visitor: V) async throws -> V.Answer
    where C.Target == Self {
        try await visitor.visit(command)
    }
}
