public import Leftfold

/// The beginning of a test of a decision: what happened before. No store, no doubles.
/// ```swift
/// #expect(given(User.self, .created(email: ada, name: "Ada")).when(CreateUser(…)) == .rejected(.alreadyExists))
/// #expect(given(User.self).when(CreateUser(…)) == .events([.created(email: ada, name: "Ada")]))
/// ```
/// Any test framework will do: the result is a value that describes itself when it is not the expected one.
public func given<A: Aggregate>(_ type: A.Type, _ history: A.Event...) -> Given<A> {
    Given(state: A(replaying: history))
}

/// The same, with the history in an array.
public func given<A: Aggregate>(_ type: A.Type, _ history: [A.Event]) -> Given<A> {
    Given(state: A(replaying: history))
}

/// An aggregate with a past.
public struct Given<A: Aggregate>: Sendable {
    public let state: A

    /// What comes of the command. It goes the way it goes on the bus: normalized, validated, decided.
    public func when<C: Command>(_ command: C) -> Decided<A> where C.Target == A {
        Decided(command, on: state)
    }
}
