import Foundation
import Leftfold

/// The smallest domain that can be refused in every way.
struct Note: Aggregate {
    static let category: StreamCategory = "note"

    enum Event: Leftfold.Event {
        case opened(title: String)
        case renamed(title: String)
        enum CodingKeys: String, CodingKey, CaseIterable { case opened = "NoteOpened", renamed = "NoteRenamed" }
    }

    enum Rejection: String, Leftfold.Rejection {
        case alreadyOpen = "note_already_open"
        case notFound = "note_not_found"
        var message: String { rawValue }
    }

    private(set) var title: String?
    init() {}

    mutating func evolve(_ event: Event) {
        switch event {
        case .opened(let title), .renamed(let title): self.title = title
        }
    }

    var claims: Set<Claim> { title.map { [Claim("title", $0)] } ?? [] }
}

struct OpenNote: Command {
    static let permission: Permission = "notes:write"
    let id: UUID
    let title: String
    var target: StreamID<Note> { StreamID(id) }

    func validate() throws(ValidationError) {
        if title.isEmpty { throw ValidationError("title", "must not be empty") }
    }

    func decide(_ note: Note) throws(Note.Rejection) -> [Note.Event] {
        guard note.title == nil else { throw .alreadyOpen }
        return [.opened(title: title)]
    }
}

struct RenameNote: Command {
    static let permission: Permission = "notes:write"
    let id: UUID
    let title: String
    var target: StreamID<Note> { StreamID(id) }

    func decide(_ note: Note) throws(Note.Rejection) -> [Note.Event] {
        guard let known = note.title else { throw .notFound }
        return known == title ? [] : [.renamed(title: title)]
    }
}

/// Nobody but the administrator may.
struct BurnNote: Command {
    static let permission: Permission = "notes:burn"
    let id: UUID
    var target: StreamID<Note> { StreamID(id) }
    func decide(_ note: Note) throws(Note.Rejection) -> [Note.Event] { [] }
}

/// Fails in the way it names.
struct BreakNote: Command {
    static let permission: Permission = "notes:write"
    let id: UUID
    let how: String
    var target: StreamID<Note> { StreamID(id) }
    func decide(_ note: Note) throws(Note.Rejection) -> [Note.Event] { [] }

    static let handler = CommandHandler(for: BreakNote.self) { command, context in
        switch command.how {
        case "lost": throw OutcomeUnknown(context.commandID)
        case "away": throw Unavailable("The store is away.")
        case "raced": throw WrongExpectedVersion(stream: command.target.name, expected: 1, actual: 2)
        default: throw Fault()
        }
    }

    struct Fault: Error { let secret = "swordfish" }
}

struct GetNote: Query {
    struct Answer: Codable, Sendable, Equatable {
        var id: UUID
        var title: String
        var version: Int64
    }

    static let permission: Permission = "notes:read"
    static let reads: [ProjectionName] = ["notes"]
    let id: UUID
}

/// Answers with what it was asked.
struct ListNotes: Query {
    struct Answer: Codable, Sendable, Equatable {
        var limit: Int?
        var search: String?
    }

    static let permission: Permission = "notes:read"
    static let reads: [ProjectionName] = ["notes"]
    let limit: Int?
    let search: String?

    func validate() throws(ValidationError) {
        if let limit, limit > 100 { throw ValidationError("limit", "must not be above 100") }
    }
}

/// A query that nobody is granted.
struct AuditNotes: Query {
    typealias Answer = String
    static let permission: Permission = "notes:audit"
    static let reads: [ProjectionName] = []
}

/// A query that is answered when somebody lets it.
struct HoldNotes: Query {
    typealias Answer = String
    static let timeout = Duration.seconds(60)
    static let permission: Permission = "notes:read"
    static let reads: [ProjectionName] = []
}

enum NoteQueries {
    static func handlers(_ store: InMemoryEventStore, _ latch: Latch) -> [QueryHandler] {
        [
            QueryHandler(GetNote.self) { query, context in
                let head = try await checked(store, context)
                let events = try await store.read(StreamID<Note>(query.id).name)
                guard let last = events.last else { throw NotFound(code: "note_not_found", "There is no such note.") }
                let note = Note(replaying: try events.flatMap { try $0.decode(as: Note.self) })
                return Answered(GetNote.Answer(id: query.id, title: note.title ?? "", version: last.version.rawValue), at: head)
            },
            QueryHandler(ListNotes.self) { query, context in
                Answered(ListNotes.Answer(limit: query.limit, search: query.search), at: try await checked(store, context))
            },
            QueryHandler(AuditNotes.self) { _, _ in Answered("", at: .zero) },
            QueryHandler(HoldNotes.self) { _, _ in
                await latch.pass()
                return Answered("let go", at: .zero)
            },
        ]
    }

    private static func checked(_ store: InMemoryEventStore, _ context: QueryContext) async throws -> GlobalPosition {
        let head = try await store.head()
        if let after = context.after, after > head { throw NotYetVisible(wanted: after, reached: head) }
        return head
    }
}
