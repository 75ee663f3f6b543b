public import Leftfold

/// What came of a command.
public enum Decided<Target: Boundary>: Sendable, Equatable where Target.Changes: Equatable, Target.Rejection: Equatable {
    /// Accepted. Empty where there was nothing to change.
    case events(Target.Changes)
    case rejected(Target.Rejection)
    case invalid([ValidationError.Problem])

    /// Invalid for one reason.
    public static func invalid(_ field: String, _ problem: String) -> Self {
        .invalid([ValidationError.Problem(field: field, problem: problem)])
    }
}

extension Decided {
    init<C: Command>(_ command: C, on state: Target) where C.Target == Target {
        let command = command.normalized()
        do {
            try command.validate()
        } catch {
            self = .invalid(error.problems)
            return
        }
        do {
            self = .events(try command.decide(state))
        } catch {
            self = .rejected(error)
        }
    }
}

extension Decided: CustomStringConvertible {
    public var description: String {
        switch self {
        case .events(let events as Changes): "events [" + events.all.map { "\($0.event) to \($0.stream)" }.joined(separator: ", ") + "]"
        case .events(let events): "events \(events)"
        case .rejected(let rejection as Rejected): "rejected \(rejection.code)"
        case .rejected(let rejection): "rejected \((rejection as? any Rejection)?.code ?? "\(rejection)")"
        case .invalid(let problems): "invalid: " + ValidationError(problems).message
        }
    }
}
