import Leftfold
import LeftfoldCLI
import LeftfoldService

enum Bank: CommandLineProgram {
    static let name = "bank"
    static let abstract = "Accounts."

    static func compose(in environment: ServiceEnvironment) -> Composition {
        Composition(
            policy: RolePolicy(["teller": ["accounts:open", "accounts:deposit", "accounts:read"]]), operatorRoles: ["teller"],
            commands: [OpenAccount.self, Deposit.self], projections: [Balances()], queries: [environment.query(GetBalance.self)])
    }
}

await ServiceCommand<Bank>.main()  // bank dev, serve, project, rebuild, import, …
