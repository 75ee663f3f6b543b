import Leftfold
import Synchronization

/// What inner layers find out and outer ones report; and what was refused before any layer saw it.
final class Exchange: Sendable {
    private struct Admission: Sendable {
        let principal: Principal
        let again: @Sendable () async throws -> Principal
    }

    private struct State: Sendable {
        var admission: Admission?
        var refusal: RequestRefusal?
    }

    private let state = Mutex(State())

    var principal: Principal? { state.withLock { $0.admission?.principal } }

    /// - Parameter again: who stands behind the same credential later.
    func admit(_ principal: Principal, again: @escaping @Sendable () async throws -> Principal) {
        state.withLock { $0.admission = Admission(principal: principal, again: again) }
    }

    /// Throws a ``TokenRefusal`` if the client would not be let in now as it was.
    func admitAgain() async throws {
        guard let admission = state.withLock(\.admission), try await admission.again() == admission.principal else {
            throw TokenRefusal.invalid
        }
    }

    /// Why there is no route to look for.
    var refusal: RequestRefusal? {
        get { state.withLock { $0.refusal } }
        set { state.withLock { $0.refusal = newValue } }
    }
}
