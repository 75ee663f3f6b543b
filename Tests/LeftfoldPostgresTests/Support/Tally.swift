import Leftfold
import LeftfoldDriver
import LeftfoldPostgres

/// Counts the events of one stream, by number; one of several projections of the same kind.
struct Tally<Which>: StatementProjection {
    static var name: ProjectionName { ProjectionName(rawValue: "tally_\(Which.self)".lowercased()) ?? "tally" }
    let version = 1
    var sources: EventSources = .category("note")
    /// What it waits for before each batch, in SQL: how slow it is.
    var brake: SQL?
    /// The position that it cannot apply.
    var refused: Int64?
    var tables: [String] { [name.rawValue] }
    var script: String { "CREATE TABLE \(name) (position bigint PRIMARY KEY);" }

    struct Refused: Error {}

    func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
        if event.position.rawValue == refused { throw Refused() }
        if let brake { batch.execute(brake) }
        batch.execute("INSERT INTO \(identifier: name.rawValue) VALUES (\(event.position))")
    }
}

enum A {}
enum B {}
enum C {}
enum D {}
