/// What becomes of the generation that a switch replaces.
public enum Keeping: Sendable, Hashable {
    /// It is retired: nobody goes on with it, and it is dropped after the next switch.
    case nothing
    /// It is kept for this long, counted from the switch: projectors of its version of the code follow it like the live one, so that
    /// ``Rollback`` finds it current. Then it is retired.
    case during(Duration)
    /// It is kept until somebody drops it.
    case untilDropped

    /// For `switch_generation`.
    var seconds: Double? {
        switch self {
        case .nothing: nil
        case .during(let time): time.seconds
        case .untilDropped: .infinity
        }
    }
}
