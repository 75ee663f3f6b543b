import Leftfold
import Synchronization

/// What inner layers find out and outer ones report; and what was refused before any layer saw it.
final class Exchange: Sendable {
    private struct State {
        var principal: Principal?
        var refusal: RequestRefusal?
    }

    private let state = Mutex(State())

    var principal: Principal? {
        get { state.withLock { $0.principal } }
        set { state.withLock { $0.principal = newValue } }
    }

    /// Why there is no route to look for.
    var refusal: RequestRefusal? {
        get { state.withLock { $0.refusal } }
        set { state.withLock { $0.refusal = newValue } }
    }
}
