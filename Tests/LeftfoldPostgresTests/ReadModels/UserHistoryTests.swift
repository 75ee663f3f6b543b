import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldUsers
import LeftfoldUsersReadModel
import Testing

@Suite("The history of a user")
struct UserHistoryTests {
    private let principal = Principal(subject: "tester", roles: ["admin"])

    private func ask(_ json: String, _ database: LeftfoldDatabase) async throws -> String {
        let queries = QueryBus(
            policy: UsersPolicy.roles, handlers: [ReadModels(database).handler(for: GetUserHistory.self)], cursors: .reversing)
        let context = QueryContext(principal: principal, correlationID: "test")
        return String(decoding: try await queries.ask(named: "GetUserHistory", json: Array(json.utf8), context).value, as: UTF8.self)
    }

    private func versions(_ query: GetUserHistory, _ database: LeftfoldDatabase) async throws -> (
        versions: [Int64], answer: GetUserHistory.Answer
    ) {
        let queries = QueryBus(policy: UsersPolicy.roles, handlers: [ReadModels(database).handler(for: GetUserHistory.self)])
        let answer = try await queries.ask(query, QueryContext(principal: principal, correlationID: "test")).value
        return (answer.changes.map(\.version), answer)
    }

    @Test("is paged in both orders and both ways; the newest change is never left out")
    func paged() async throws {
        try await TestDatabase.with(projecting: UserHistory()) { history in
            let id = UUID()
            try await history.given(.created(email: "a@b.c", name: "A"), in: StreamID<User>(id))
            for number in 2...7 { try await history.given(.renamed(name: "A\(number)"), in: StreamID<User>(id)) }
            try await history.reachHead()
            let database = history.database
            #expect(try await versions(GetUserHistory(id: id), database).versions == Array(1...7))
            for (order, all) in [("asc", Array(Int64(1)...7)), ("desc", Array((Int64(1)...7).reversed()))] {
                var walked: [Int64] = []
                var page = try await versions(GetUserHistory(id: id, limit: 3, order: order), database)
                #expect(page.answer.previous == nil && page.answer.hasMore)
                walked += page.versions
                while let next = page.answer.next {
                    page = try await versions(GetUserHistory(id: id, limit: 3, cursor: next, order: order), database)
                    walked += page.versions
                }
                #expect(walked == all)
                #expect(!page.answer.hasMore)
                let back = try await versions(GetUserHistory(id: id, limit: 4, cursor: page.answer.previous, order: order), database)
                #expect(back.versions == Array(all[2..<6]))
                await #expect(throws: MalformedInput.invalidCursor) {
                    try await versions(GetUserHistory(id: UUID(), cursor: back.answer.next, order: order), database)
                }
                await #expect(throws: MalformedInput.invalidCursor) {
                    try await versions(GetUserHistory(id: id, cursor: back.answer.next, order: order == "asc" ? "desc" : "asc"), database)
                }
            }
            await #expect(throws: NotFound.self) { try await versions(GetUserHistory(id: UUID()), database) }
            for bad in [GetUserHistory(id: id, limit: 0), GetUserHistory(id: id, limit: 1001), GetUserHistory(id: id, order: "newest")] {
                await #expect(throws: ValidationError.self) { try await versions(bad, database) }
            }
        }
    }

    /// Shapes of programs that were, or are not ours.
    private static let stored: [(type: String, data: String)] = [
        ("UserCreated", #"{"email":"a@b.c","name":"A","age":36}"#),
        ("UserRenamed", #"{"zeta":1,"name":"B","alpha":{"z":[1,[2,{"deep":null}]],"a":true}}"#),
        ("UserRenamed", #"{"name":"C","big":1e400,"long":123456789012345678901234567890123456789012345678901234567890.10,"small":-0.0}"#),
        ("UserRenamed", #"{"name":"D","text":"\u00e9\ud83e\uddf5\n\"","nul":"\u0000"}"#),
        ("UserDeactivated", #"{"reason":null}"#), ("UserReactivated", #"{}"#), ("UserDeactivated", #"{"reason":"left","by":["x"]}"#),
        ("UserReactivated", "{ \"spread\" :\n [ 1,\n 2 ] }"), ("UserEmailChanged", #"{"email":"b@c.d","email ":"twice","n":1E-7}"#),
    ]

    @Test("tells what was stored as it was stored, whatever the shape")
    func asStored() async throws {
        try await TestDatabase.with(projecting: UserHistory()) { history in
            let id = UUID()
            for (type, data) in Self.stored {
                let event = NewEvent(type: EventType(type), data: Array(data.utf8))
                _ = try await history.database.store.append(Note.append(to: StreamID<User>(id).name, [event]))
            }
            try await history.reachHead()
            let text = try await ask(#"{"id":"\#(id)"}"#, history.database)
            for (_, data) in Self.stored { #expect(text.contains("\"data\":" + data.replacing("\n", with: "")), "\(data) in \(text)") }
            let answer = try await versions(GetUserHistory(id: id), history.database).answer
            #expect(answer.changes[1].data.description == Self.stored[1].data)
            #expect(try await history.verify())
        }
    }
}
