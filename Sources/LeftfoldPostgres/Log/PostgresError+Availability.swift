import Leftfold
import LeftfoldDriver

extension PostgresError {
    /// The same append, sent again, may well succeed.
    var isWorthRepeating: Bool {
        if isConnectionFailure { return true }
        switch kind {
        case .timeout, .poolExhausted: return true
        case .server(let state):
            return [.serializationFailure, .deadlockDetected, .lockNotAvailable, .uniqueViolation, .readOnlySQLTransaction, .queryCanceled]
                .contains(state) || state.isOfTheSystem
        default: return false
        }
    }

    /// What a failed append means to those who sent it. Only what the server says of the values is about the command; whatever else it
    /// says, the fault is the database's, the role's or the settings', and the command may come again with its id.
    var asAppendFailure: any Error {
        guard case .server(let state) = kind, !["21", "22", "23", "54", "XX"].contains(state.errorClass), state != .badArgument else {
            return asUnavailable
        }
        let known = asUnavailable
        return known is Unavailable ? known : Unavailable("The database does not take it now.")
    }

    /// To those who ask, a database that is away, full or busy is one thing: come back later.
    package var asUnavailable: any Error {
        if isConnectionFailure { return Unavailable("The database cannot be reached.") }
        switch kind {
        case .poolExhausted, .poolClosed, .timeout: return Unavailable("The database is too busy.")
        case .server(let state) where state.isOfTheSystem: return Unavailable("The database has no resources left.")
        case .server(.queryCanceled): return Unavailable("The database took too long.")
        case .server(.undefinedTable), .server(.undefinedFunction), .server(.invalidSchemaName):
            return Unavailable("The database is not migrated, or a read model is not built yet.")
        case .server(.insufficientPrivilege): return Unavailable("The database does not let the service do this now.")
        default: return self
        }
    }
}

extension SQLState {
    /// LF010: what was sent was decided in another epoch than the log is in.
    static let epochEnded = SQLState("LF010")

    /// LF006: what a function of the log was given is not as it must be.
    fileprivate static let badArgument = SQLState("LF006")

    /// Of resources (class 53) or of what is outside the database, such as its disk (58).
    fileprivate var isOfTheSystem: Bool { errorClass == "53" || errorClass == "58" }
}
