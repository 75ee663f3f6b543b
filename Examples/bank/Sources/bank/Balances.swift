import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres

struct Balances: StatementProjection {
    static let name: ProjectionName = "balances"
    let version = 1
    let sources: EventSources = .all(of: Account.self)
    let tables = ["balances"]
    let script = "CREATE TABLE balances (id uuid PRIMARY KEY, owner text NOT NULL, balance bigint NOT NULL);"

    func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
        guard let id = event.stream.uuid else { return }
        for change in try event.decode(as: Account.self) {
            switch change {
            case .opened(let owner): batch.execute("INSERT INTO balances VALUES (\(id), \(owner), 0)")
            case .deposited(let amount): batch.execute("UPDATE balances SET balance = balance + \(amount) WHERE id = \(id)")
            }
        }
    }
}

struct GetBalance: PostgresQuery {
    typealias Answer = Int
    static let permission: Permission = "accounts:read"
    static let reads = [Balances.name]
    let id: UUID
    var statement: SQL { "SELECT balance FROM balances WHERE id = \(id)" }  // bound, never spliced
    func answer(_ rows: Rows) throws -> Int {
        guard let row = rows.first else { throw NotFound(code: "account_not_found", "There is no such account.") }
        return try row.decode(Int.self)
    }
}
