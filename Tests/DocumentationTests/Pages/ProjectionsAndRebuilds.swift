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
        for event in try event.decode(as: Account.self) {
            switch event {
            case .opened(let owner, _): batch.execute("INSERT INTO balances VALUES (\(id), \(owner), 0)")
            case .deposited(let amount): batch.execute("UPDATE balances SET balance = balance + \(amount) WHERE id = \(id)")
            }
        }
    }
}

enum ProjectionsAndRebuilds {
    static func retry(_ database: LeftfoldDatabase) async throws {
        let goesOn = try await database.retry(Balances.name)  // users projections retry balances
        _ = goesOn
    }

    static func leaveOut(_ database: LeftfoldDatabase, _ stream: StreamName) async throws {
        try await database.skip(4711, of: Balances.name, by: "local:ada", because: "ticket 12")  // projections skip --position
        try await database.park(stream, of: Balances.name, by: "local:ada", because: "ticket 12")  // projections skip --stream
        try await database.unpark(stream, of: Balances.name, by: "local:ada")  // projections resume --stream
    }

    static func rebuild(_ database: LeftfoldDatabase) async throws {
        let generation = try await Rebuild(Balances(), in: database).run { position, head in print("\(position) of \(head)") }
        _ = generation
    }

    static func verify(_ database: LeftfoldDatabase) async throws {
        let report = try await Verification(Balances(), in: database).run()
        print(report.matches)  // users projections verify balances
    }
}
