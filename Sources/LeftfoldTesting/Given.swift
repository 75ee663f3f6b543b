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

public func given<A: Aggregate>(_ type: A.Type, _ history: [A.Event]) -> Given<A> {
    Given(state: A(replaying: history))
}

/// An aggregate with a past.
public struct Given<A: Aggregate>: Sendable {
    public let state: A

    /// What comes of the command. It goes the way it goes on the bus: normalized, validated, decided.
    public func when<C: Command>(_ command: C) -> Decided<A> where C.Target == A {
        let command = command.normalized()
        do {
            try command.validate()
        } catch {
            return .invalid(error.problems)
        }
        do {
            return .events(try command.decide(state))
        } catch {
            return .rejected(error)
        }
    }
}

/// What came of a command.
public enum Decided<A: Aggregate>: Sendable, Equatable {
    /// Accepted. Empty where there was nothing to change.
    case events([A.Event])
    case rejected(A.Rejection)
    case invalid([ValidationError.Problem])

    /// Invalid for one reason.
    public static func invalid(_ field: String, _ problem: String) -> Self {
        .invalid([ValidationError.Problem(field: field, problem: problem)])
    }
}

extension Decided: CustomStringConvertible {
    public var description: String {
        switch self {
        case .events(let events): "events [" + events.map { "\($0)" }.joined(separator: ", ") + "]"
        case .rejected(let rejection): "rejected \(rejection.code)"
        case .invalid(let problems): "invalid: " + ValidationError(problems).message
        }
    }
}
