import Foundation
import Leftfold

/// What the pages on read models send.
struct Deposit: Command {
    static let permission: Permission = "accounts:deposit"
    let id: UUID
    let amount: Int
    var target: StreamID<Account> { StreamID(id) }

    func decide(_ account: Account) throws(Account.Rejection) -> [Account.Event] {
        guard account.number != nil else { throw .notFound }
        return [.deposited(amount: amount)]
    }
}
