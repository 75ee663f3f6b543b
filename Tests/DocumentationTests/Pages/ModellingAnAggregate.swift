import Foundation
import Leftfold
import LeftfoldTesting
import Testing

struct Account: Aggregate {
    static let category: StreamCategory = "account"

    enum Event: Leftfold.Event {
        case opened(owner: String, number: String)
        case deposited(amount: Int)
        enum CodingKeys: String, CodingKey, CaseIterable { case opened = "AccountOpened", deposited = "MoneyDeposited" }
        static let versions: [EventType: Int] = ["MoneyDeposited": 2]
    }

    enum Rejection: String, Leftfold.Rejection {
        case notFound = "account_not_found", alreadyOpen = "account_already_open"
        var message: String { self == .notFound ? "There is no such account." : "The account is open already." }
    }

    private(set) var number: String?
    private(set) var balance = 0
    init() {}
    mutating func evolve(_ event: Event) {
        switch event {
        case .opened(_, let number): self.number = number
        case .deposited(let amount): balance += amount
        }
    }

    // No two accounts have the same number: a second one is rejected with `account_number_taken`.
    var claims: Set<Claim> { number.map { [Claim("account_number", $0)] } ?? [] }
}

struct OpenAccount: Command {
    static let permission: Permission = "accounts:open"
    let id: UUID
    let owner: String
    let number: String
    var target: StreamID<Account> { StreamID(id) }

    func validate() throws(Leftfold.ValidationError) { if number.isEmpty { throw ValidationError("number", "must not be empty") } }

    func decide(_ account: Account) throws(Account.Rejection) -> [Account.Event] {
        guard account.number == nil else { throw .alreadyOpen }
        return [.opened(owner: owner, number: number)]
    }
}

extension Account {
    static let upcasters: [Upcaster] = [
        .renamed("AccountCreated", to: "AccountOpened"),
        Upcaster(from: "MoneyDeposited", version: 1) { old in
            let euros = try JSONDecoder().decode([String: Int].self, from: Data(old.data))["euros"] ?? 0
            return [NewEvent(type: "MoneyDeposited", version: 2, data: Array(#"{"amount":\#(euros * 100)}"#.utf8))]
        },
    ]
}

func reading(_ store: some EventStore, _ id: UUID) async throws {
    for event in try await store.read(StreamID<Account>(id).name) {
        for change in try event.decode(as: Account.self) { print(event.position, change) }
    }
}

func looking(_ store: some EventStore, _ id: UUID) async throws {
    let then = try await store.state(of: StreamID<Account>(id), at: .version(2))
    print(then.state.balance, then.recordedAt)
}

@Suite("Modelling an aggregate, as its page tells it") struct ModellingAnAggregate {
    @Test("The decision and the stored form are as shown")
    func page() throws {
        let id = UUID()
        #expect(given(Account.self).when(OpenAccount(id: id, owner: "Ada", number: "7")) == .events([.opened(owner: "Ada", number: "7")]))
        #expect(try storedForm(of: Account.Event.deposited(amount: 5)) == #"MoneyDeposited@2 {"amount":5}"#)
        #expect(try event(Account.self, storedAs: #"MoneyDeposited {"euros":5}"#) == [.deposited(amount: 500)])
    }
}
