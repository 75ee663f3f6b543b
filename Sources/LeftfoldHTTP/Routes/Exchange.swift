import Leftfold
import Synchronization

/// What inner layers find out and outer ones report.
final class Exchange: Sendable {
    private let known = Mutex<Principal?>(nil)

    var principal: Principal? {
        get { known.withLock { $0 } }
        set { known.withLock { $0 = newValue } }
    }
}
