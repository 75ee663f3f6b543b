import Foundation
import Leftfold

/// The domain of these tests: an account with an owner, who may have only one.
struct Account: Aggregate, Equatable {
    static let category: StreamCategory = "account"

    enum Event: Leftfold.Event {
        case opened(owner: String)
        case deposited(amount: Int)
        case withdrawn(amount: Int)
        case closed

        enum CodingKeys: String, CodingKey, CaseIterable {
            case opened = "AccountOpened"
            case deposited = "MoneyDeposited"
            case withdrawn = "MoneyWithdrawn"
            case closed = "AccountClosed"
        }
    }

    enum Rejection: String, Leftfold.Rejection {
        case alreadyOpen = "already_open"
        case notOpen = "not_open"
        case tooLittleMoney = "too_little_money"
        var message: String { "No." }
    }

    private(set) var owner: String?
    private(set) var balance = 0
    var isOpen: Bool { owner != nil }

    mutating func evolve(_ event: Event) {
        switch event {
        case .opened(let owner): self.owner = owner
        case .deposited(let amount): balance += amount
        case .withdrawn(let amount): balance -= amount
        case .closed: owner = nil
        }
    }

    var claims: Set<Claim> { owner.map { [Claim("account_owner", $0)] } ?? [] }
}

struct OpenAccount: Command {
    static let permission: Permission = "accounts:open"
    static let opensStream = true
    var id: UUID
    var owner: String

    var target: StreamID<Account> { StreamID(id) }
    func normalized() -> Self { Self(id: id, owner: owner.trimmingCharacters(in: .whitespaces)) }
    func validate() throws(ValidationError) {
        if owner.isEmpty { throw ValidationError("owner", "must not be empty") }
    }
    func decide(_ account: Account) throws(Account.Rejection) -> [Account.Event] {
        if account.isOpen { throw .alreadyOpen }
        return [.opened(owner: owner)]
    }
}

struct Deposit: Command {
    static let permission: Permission = "accounts:use"
    var id: UUID
    var amount: Int

    var target: StreamID<Account> { StreamID(id) }
    func validate() throws(ValidationError) {
        if amount < 0 { throw ValidationError("amount", "must not be negative") }
    }
    func decide(_ account: Account) throws(Account.Rejection) -> [Account.Event] {
        if !account.isOpen { throw .notOpen }
        return amount == 0 ? [] : [.deposited(amount: amount)]
    }
}

struct Withdraw: Command {
    static let permission: Permission = "accounts:use"
    var id: UUID
    var amount: Int

    var target: StreamID<Account> { StreamID(id) }
    func validate() throws(ValidationError) {
        if amount <= 0 { throw ValidationError("amount", "must be positive") }
    }
    func decide(_ account: Account) throws(Account.Rejection) -> [Account.Event] {
        if !account.isOpen { throw .notOpen }
        if account.balance < amount { throw .tooLittleMoney }
        return [.withdrawn(amount: amount)]
    }
}

struct CloseAccount: Command {
    static let permission: Permission = "accounts:close"
    var id: UUID

    var target: StreamID<Account> { StreamID(id) }
    func decide(_ account: Account) throws(Account.Rejection) -> [Account.Event] {
        if !account.isOpen { throw .notOpen }
        return account.balance == 0 ? [.closed] : [.withdrawn(amount: account.balance), .closed]
    }
}
