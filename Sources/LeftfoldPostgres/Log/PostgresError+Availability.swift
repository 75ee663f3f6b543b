import Leftfold
import LeftfoldDriver

extension PostgresError {
    /// The same append, sent again, may well succeed.
    var isWorthRepeating: Bool {
        if isConnectionFailure { return true }
        switch kind {
        case .timeout, .poolExhausted: return true
        case .server(let state):
            return [.serializationFailure, .deadlockDetected, .lockNotAvailable, .uniqueViolation, .readOnlySQLTransaction].contains(state)
                || state.errorClass == "53"
        default: return false
        }
    }

    /// To those who ask, a database that is away, full or busy is one thing: come back later.
    package var asUnavailable: any Error {
        if isConnectionFailure { return Unavailable("The database cannot be reached.") }
        switch kind {
        case .poolExhausted, .poolClosed, .timeout: return Unavailable("The database is too busy.")
        case .server(let state) where state.errorClass == "53": return Unavailable("The database has no resources left.")
        case .server(.undefinedTable), .server(.undefinedFunction), .server(.invalidSchemaName):
            return Unavailable("The database is not migrated, or a read model is not built yet.")
        default: return self
        }
    }
}
