/// Several aggregates that one command is decided on, each at its version: if any of them has moved on meanwhile, the
/// command is decided again. What changes is appended to all of them, or to none.
///
/// ```swift
/// struct Transfer: Command {
///     …
///     var target: StreamIDs<Account, Account> { StreamIDs(StreamID(from), StreamID(to)) }
///     func decide(_ accounts: Streams<Account, Account>) throws(Rejected) -> Changes {
///         let (source, destination) = accounts.states
///         …
/// ```
public struct Streams<each A: Aggregate>: Boundary {
    public typealias Reference = StreamIDs<repeat each A>
    public typealias Changes = Leftfold.Changes
    public typealias Rejection = Rejected

    public let states: (repeat each A)

    public init(_ states: repeat each A) { self.states = (repeat each states) }

    public static func accept<C: Command, V: BoundaryVisitor>(_ command: C, _ visitor: V) async throws -> V.Answer
    where C.Target == Self {
        try await visitor.visit(command)
    }
}
