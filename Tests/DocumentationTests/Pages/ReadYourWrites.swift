import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres

struct GetBalance: PostgresQuery {
    typealias Answer = Int
    static let permission: Permission = "accounts:read"
    static let reads = [Balances.name]
    let id: UUID
    var statement: SQL { "SELECT balance FROM balances WHERE id = \(id)" }
    func answer(_ rows: Rows) throws -> Int {
        guard let row = rows.first else { throw NotFound(code: "account_not_found", "There is no such account.") }
        return try row.decode(Int.self)
    }
}

enum ReadYourWrites {
    static func ask(_ id: UUID, _ principal: Principal, _ commands: CommandBus, _ queries: QueryBus) async throws {
        let receipt = try await commands.send(Deposit(id: id, amount: 5), CommandContext(principal: principal))
        let answered = try await queries.ask(
            GetBalance(id: id), QueryContext(principal: principal, correlationID: "example", after: receipt.position))
        print(answered.value, answered.position)
    }
}
