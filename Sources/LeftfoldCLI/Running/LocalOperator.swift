import Foundation
import Leftfold
import LeftfoldService

extension Assembly {
    /// Whoever sits at the command line.
    var localOperator: Principal {
        let user = ProcessInfo.processInfo.environment["USER"] ?? ""
        return .localOperator(user.isEmpty ? "operator" : user, roles: composition.operatorRoles)
    }
}
