import Foundation
import Leftfold
import LeftfoldTesting
import Testing

@testable import bank

@Suite struct DepositTests {
    private let id = UUID()

    @Test("Money goes into an account that is open")
    func open() {
        #expect(given(Account.self, .opened(owner: "Ada")).when(Deposit(id: id, amount: 5)) == .events([.deposited(amount: 5)]))
    }

    @Test("Nothing goes into one that is not, and nothing less than nothing")
    func refused() {
        #expect(given(Account.self).when(Deposit(id: id, amount: 5)) == .rejected(.notOpen))
        #expect(given(Account.self).when(Deposit(id: id, amount: 0)) == .invalid("amount", "must be positive"))
    }
}
