/// The state that decisions are made on, rebuilt by replaying its events. A struct; `init()` is the state of an empty stream.
///
/// Pure: it does no I/O, reads no clock, draws no random number.
public protocol Aggregate: Sendable {
    associatedtype Event: Leftfold.Event
    associatedtype Rejection: Leftfold.Rejection

    static var category: StreamCategory { get }
    /// Old stored shapes of this aggregate's events, oldest first.
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
}

/// The domain said no. Usually a `String` enum whose raw values are the stable codes.
public protocol Rejection: Error, Sendable, Equatable {
    /// Stable, in snake case, such as `user_not_found`: clients act on it and the journal keeps it.
    var code: String { get }
    /// A sentence for people. No personal data: it may be logged.
    var message: String { get }
}

extension Rejection where Self: RawRepresentable, RawValue == String {
    public var code: String { rawValue }
}
