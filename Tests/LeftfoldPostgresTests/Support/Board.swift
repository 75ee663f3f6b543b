import Foundation
import Leftfold
import LeftfoldDriver

@testable import LeftfoldPostgres

/// The last text of each note, and names what it touches: the note, and all notes.
struct Board: StatementProjection {
    static let name: ProjectionName = "board"
    var version = 1
    let sources: EventSources = .category("note")
    let tables = ["board"]
    var script = "CREATE TABLE board (note text PRIMARY KEY, text text NOT NULL, position bigint NOT NULL);"

    func apply(_ event: RecordedEvent, to batch: inout StatementBatch) throws {
        let text = try JSONDecoder().decode([String: String].self, from: Data(event.data))["text"] ?? ""
        batch.execute(
            """
            INSERT INTO board (note, text, position) VALUES (\(event.stream), \(text), \(event.position))
            ON CONFLICT (note) DO UPDATE SET text = excluded.text, position = excluded.position
            """)
    }

    func touches(_ event: RecordedEvent) -> Dependencies { ["\(event.stream)", "notes"] }
}

struct BoardRow: Codable, Sendable, Equatable {
    var note: String, text: String
    var position: Int64

    init(_ row: Row) throws { (note, text, position) = try row.decode(String.self, String.self, Int64.self) }
    init(_ event: RecordedEvent) throws {
        note = event.stream.rawValue
        text = try JSONDecoder().decode([String: String].self, from: Data(event.data))["text"] ?? ""
        position = event.position.rawValue
    }
}

struct GetNote: PostgresQuery {
    typealias Answer = BoardRow
    static let permission: Permission = "notes:read"
    static let reads = [Board.name]
    var note: String

    var statement: SQL { "SELECT note, text, position FROM board WHERE note = \(note)" }
    func answer(_ rows: Rows) throws -> BoardRow {
        guard let row = rows.first else { throw NotFound(code: "note_not_found", "There is no such note.") }
        return try BoardRow(row)
    }
    func dependencies(of answer: BoardRow) -> Dependencies { ["\(note)"] }
}

struct ListNotes: PostgresQuery {
    typealias Answer = [BoardRow]
    static let permission: Permission = "notes:read"
    static let reads = [Board.name]
    static let maximumRows = 50
    /// Part of the text.
    var search = ""

    var statement: SQL { "SELECT note, text, position FROM board WHERE text LIKE \("%\(search)%") ORDER BY position" }
    func answer(_ rows: Rows) throws -> [BoardRow] { try rows.map(BoardRow.init) }
    func dependencies(of answer: [BoardRow]) -> Dependencies { ["notes"] }
}

/// Takes as long as it says.
struct WaitSeconds: PostgresQuery {
    typealias Answer = Int
    static let permission: Permission = "notes:read"
    static let reads = [Board.name]
    static let timeout = Duration.milliseconds(200)
    static let caching = QueryCaching.off
    var seconds: Double

    var statement: SQL { "SELECT count(*) FROM board, pg_sleep(\(seconds))" }
    func answer(_ rows: Rows) throws -> Int { 0 }
}

extension LeftfoldDatabase {
    /// A bus on the board, with a cache of its own unless it is to have none.
    func boardQueries(cached: Bool = true) -> QueryBus {
        let models = ReadModels(self)
        return QueryBus(
            policy: RolePolicy(["reader": ["notes:read"]]),
            handlers: [models.handler(for: GetNote.self), models.handler(for: ListNotes.self), models.handler(for: WaitSeconds.self)],
            cache: cached ? QueryCache(progress) : nil)
    }
}

extension QueryContext {
    static func reader(after: GlobalPosition? = nil, patience: Duration = .seconds(20)) -> QueryContext {
        QueryContext(principal: Principal(subject: "reader", roles: ["reader"]), correlationID: "test", after: after, patience: patience)
    }
}
