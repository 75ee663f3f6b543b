import Foundation
import Leftfold

struct Account: Aggregate {
    static let category: StreamCategory = "account"

    enum Event: Leftfold.Event {
        case opened(owner: String)
        case deposited(amount: Int)
        // The stored names: renaming a Swift case never renames history. The compiler insists on this enum.
        enum CodingKeys: String, CodingKey, CaseIterable { case opened = "AccountOpened", deposited = "MoneyDeposited" }
    }

    enum Rejection: String, Leftfold.Rejection {
        case notOpen = "account_not_found", alreadyOpen = "account_already_open"
        var message: String { self == .notOpen ? "There is no such account." : "The account is open already." }
    }

    private(set) var isOpen = false
    private(set) var balance = 0

    init() {}

    mutating func evolve(_ event: Event) {
        switch event {
        case .opened: isOpen = true
        case .deposited(let amount): balance += amount
        }
    }
}

struct OpenAccount: Command {
    static let permission: Permission = "accounts:open"  // no default: what has none does not compile
    static let opensStream = true
    let id: UUID
    let owner: String
    var target: StreamID<Account> { StreamID(id) }

    func decide(_ account: Account) throws(Account.Rejection) -> [Account.Event] {
        guard !account.isOpen else { throw .alreadyOpen }
        return [.opened(owner: owner)]
    }
}

struct Deposit: Command {
    static let permission: Permission = "accounts:deposit"
    let id: UUID
    let amount: Int
    var target: StreamID<Account> { StreamID(id) }

    func validate() throws(Leftfold.ValidationError) {
        if amount <= 0 { throw ValidationError("amount", "must be positive") }
    }

    func decide(_ account: Account) throws(Account.Rejection) -> [Account.Event] {
        guard account.isOpen else { throw .notOpen }
        return [.deposited(amount: amount)]
    }
}
