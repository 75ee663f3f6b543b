import Foundation
import Leftfold

/// Moves money between two accounts: both change, or neither.
struct Transfer: Command {
    static let permission: Permission = "accounts:use"
    var from: UUID
    var to: UUID
    var amount: Int

    var target: StreamIDs<Account, Account> { StreamIDs(StreamID(from), StreamID(to)) }

    func validate() throws(ValidationError) {
        if amount < 0 { throw ValidationError("amount", "must not be negative") }
    }

    func decide(_ accounts: Streams<Account, Account>) throws(Rejected) -> Changes {
        let (source, destination) = accounts.states
        guard source.isOpen, destination.isOpen else { throw Rejected(Account.Rejection.notOpen) }
        guard source.balance >= amount else { throw Rejected(Account.Rejection.tooLittleMoney) }
        if amount == 0 { return .none }
        return Changes(.withdrawn(amount: amount), to: target.ids.0) + Changes(.deposited(amount: amount), to: target.ids.1)
    }
}

/// Closes one account and opens another for its owner, who may have only one at a time.
struct MoveAccount: Command {
    static let permission: Permission = "accounts:open"
    var from: UUID
    var to: UUID

    var target: StreamIDs<Account, Account> { StreamIDs(StreamID(from), StreamID(to)) }

    func decide(_ accounts: Streams<Account, Account>) throws(Rejected) -> Changes {
        let (old, new) = accounts.states
        guard let owner = old.owner else { throw Rejected(Account.Rejection.notOpen) }
        if new.isOpen { throw Rejected(Account.Rejection.alreadyOpen) }
        var changes = Changes(.opened(owner: owner), to: target.ids.1)
        if old.balance > 0 {
            changes.append(.deposited(amount: old.balance), to: target.ids.1)
            changes.append(.withdrawn(amount: old.balance), to: target.ids.0)
        }
        changes.append(.closed, to: target.ids.0)
        return changes
    }
}
