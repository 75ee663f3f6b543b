import Leftfold
import Synchronization

/// What inner layers find out and outer ones report.
final class Exchange: Sendable {
    private struct Admission: Sendable {
        let principal: Principal
        let again: @Sendable () async throws -> Principal
    }

    private let admission = Mutex<Admission?>(nil)

    var principal: Principal? { admission.withLock { $0?.principal } }

    /// - Parameter again: who stands behind the same credential later.
    func admit(_ principal: Principal, again: @escaping @Sendable () async throws -> Principal) {
        admission.withLock { $0 = Admission(principal: principal, again: again) }
    }

    /// Throws a ``TokenRefusal`` if the client would not be let in now as it was.
    func admitAgain() async throws {
        guard let admission = admission.withLock(\.self), try await admission.again() == admission.principal else {
            throw TokenRefusal.invalid
        }
    }
}
