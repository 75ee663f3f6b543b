import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting

@testable import LeftfoldPostgres

/// Writes down each position it applies. Its primary key makes applying one twice an error; a hole is found by counting.
/// The data is json on purpose: a type that knows no equality.
struct Ledger: StatementProjection {
    static let name: ProjectionName = "ledger"
    var version = 1
    let sources: EventSources = .category("note")
    let tables = ["ledger"]
    var script = "CREATE TABLE ledger (position bigint PRIMARY KEY, text text NOT NULL, data json NOT NULL);"
    /// What it puts before each text: what another version of it does differently.
    var mark = ""
    /// The texts it chokes on, in Swift and in SQL.
    var refused: Set<String> = []
    var refusedBySQL: Set<String> = []
    var isInline = false

    struct Refused: Error {}

    func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
        let text = try JSONDecoder().decode([String: String].self, from: Data(event.data))["text"] ?? ""
        if refused.contains(text) { throw Refused() }
        if refusedBySQL.contains(text) { batch.execute("SELECT 1 / (position - position) FROM ledger LIMIT 1") }
        batch.execute("INSERT INTO ledger (position, text, data) VALUES (\(event.position), \(mark + text), \(JSONBytes(event.data)))")
    }
}

extension LeftfoldDatabase {
    func note(_ count: Int, to stream: StreamName? = nil) async throws {
        for number in 0..<count { _ = try await store.append(Note.append(to: try stream ?? Note.stream(), ["\(number)"])) }
    }

    /// The positions in the ledger, in order.
    func ledger() async throws -> [Int64] {
        try await pool.execute("SELECT position FROM ledger ORDER BY position").map { try $0.decode(Int64.self) }
    }

    func status(_ projection: ProjectionName, state: String = "live") async throws -> ProjectionStatus? {
        try await projectionStatuses().first { $0.projection == projection.rawValue && $0.state == state }
    }

    /// Runs a projector until the body is done.
    func projecting<T: Sendable>(
        _ projection: any PostgresProjection, batchSize: Int = 100, patience: Duration = .seconds(1), _ body: () async throws -> T
    ) async throws -> T {
        // So that the body can look into the tables from the start.
        try await createReadTables([projection])
        let projector = Projector(projection, in: self, batchSize: batchSize, patience: patience, logger: TestDatabase.quiet)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await projector.run() }
            let result: Result<T, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            group.cancelAll()
            try? await group.waitForAll()
            return try result.get()
        }
    }
}
