import Leftfold
import LeftfoldCLI
import LeftfoldHTTP
import LeftfoldPostgres

enum Bank: Composition {
    static let name = "bank"
    static let abstract = "Accounts."
    static var policy: any Policy { RolePolicy(["teller": ["accounts:deposit", "accounts:read"]]) }
    static let commands: [any Command.Type] = [Deposit.self]
    static let projections: [any PostgresProjection] = [Balances()]
    static func queries(_ readModels: ReadModels) -> [QueryHandler] { [readModels.handler(for: GetBalance.self)] }
}
