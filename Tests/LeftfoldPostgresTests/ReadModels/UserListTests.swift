import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldTesting
import LeftfoldUsers
import Testing

@testable import LeftfoldUsersReadModel

@Suite("The list of users")
struct UserListTests {
    private struct Listing: Sendable {
        let database: LeftfoldDatabase
        let queries: QueryBus
        let principal = Principal(subject: "tester", roles: ["admin"])

        init(_ database: LeftfoldDatabase) {
            self.database = database
            queries = QueryBus(
                policy: UsersPolicy.roles, handlers: [ReadModels(database).handler(for: ListUsers.self)], cursors: .reversing)
        }

        func ask(_ query: ListUsers) async throws -> ListUsers.Answer {
            let context = QueryContext(
                principal: principal, correlationID: "test", after: try await database.store.head(), patience: .seconds(30))
            return try await queries.ask(query, context).value
        }

        func names(_ query: ListUsers) async throws -> [String] { try await ask(query).users.map(\.name) }

        /// The JSON of the answer to JSON.
        func ask(json: String) async throws -> String {
            let context = QueryContext(principal: principal, correlationID: "test")
            return String(decoding: try await queries.ask(named: "ListUsers", json: Array(json.utf8), context).value, as: UTF8.self)
        }
    }

    private static let people: [[User.Event]] = [
        [.created(email: "d@bücher.example", name: "Zoë")],
        [.created(email: "c@xn--bcher-kva.example", name: "straße"), .deactivated(reason: nil)],
        [.created(email: "B@example.org", name: "Ada")], [.created(email: "a@example.org", name: "ada"), .renamed(name: "ÄDA")],
        [.created(email: "ŞULE@example.org", name: "100%_\\")],
    ]

    private func people(_ body: @escaping (Listing) async throws -> Void) async throws {
        try await TestDatabase.with(projecting: UserDirectory()) { directory in
            for events in Self.people { try await directory.database.change(UUID(), events) }
            try await directory.reachHead()
            try await body(Listing(directory.database))
        }
    }

    @Test("is sorted by creation, name or address, up and down")
    func sorted() async throws {
        try await people { (users) async throws in
            #expect(try await users.names(ListUsers()) == ["Zoë", "straße", "Ada", "ÄDA", "100%_\\"])
            #expect(try await users.names(ListUsers(order: "desc")) == ["100%_\\", "ÄDA", "Ada", "straße", "Zoë"])
            // By scalars of the folded form: accents come behind all letters without.
            #expect(try await users.names(ListUsers(sort: "name")) == ["100%_\\", "Ada", "straße", "Zoë", "ÄDA"])
            #expect(try await users.names(ListUsers(sort: "name", order: "desc")) == ["ÄDA", "Zoë", "straße", "Ada", "100%_\\"])
            #expect(try await users.names(ListUsers(sort: "email")) == ["ÄDA", "Ada", "straße", "Zoë", "100%_\\"])
            #expect(try await users.names(ListUsers(sort: "email", status: "active")) == ["ÄDA", "Ada", "Zoë", "100%_\\"])
            #expect(try await users.names(ListUsers(sort: "name", status: "deactivated")) == ["straße"])
        }
    }

    @Test("is searched by prefix and by part, in any spelling; what people type is text, not a pattern")
    func searched() async throws {
        try await people { (users) async throws in
            let prefixes: [(text: String, sort: String?, names: [String])] = [
                ("ada", nil, ["Ada"]), ("ＡＤ", "name", ["Ada"]), ("a\u{308}D", nil, ["ÄDA"]), ("STRASS", nil, ["straße"]),
                ("zo", nil, ["Zoë"]),
                ("oë", nil, []), ("100%", nil, ["100%_\\"]), ("%", nil, []), ("1_", nil, []), ("", "created_at", Self.names),
                ("d@", "email", ["Zoë"]), ("C@XN--BCHER-KVA", "email", ["straße"]), ("c@bücher", "email", ["straße"]),
                ("şule", "email", ["100%_\\"]), ("ada", "email", []), ("a", "name", ["Ada"]),
            ]
            for row in prefixes {
                #expect(try await users.names(ListUsers(sort: row.sort, prefix: row.text)) == row.names, "\(row)")
            }
            #expect(try await users.names(ListUsers(prefix: "a", search: "EXAMPLE")) == ["Ada"])
            let parts: [(text: String, names: [String])] = [
                ("bücher", ["Zoë", "straße"]), ("xn--bcher-kva.ex", ["Zoë", "straße"]), ("TRASSE", ["straße"]), ("%", ["100%_\\"]),
                ("_", ["100%_\\"]), ("\\", ["100%_\\"]), ("\\\u{301}", []), ("%\u{301}", []), ("@EXAMPLE", ["Ada", "ÄDA", "100%_\\"]),
                ("", Self.names), ("'; --", []),
            ]
            for row in parts {
                #expect(try await users.names(ListUsers(search: row.text)) == row.names, "\(row)")
                #expect(try await users.names(ListUsers(sort: "name", search: row.text)).sorted() == row.names.sorted(), "\(row)")
            }
        }
    }

    private static let names = ["Zoë", "straße", "Ada", "ÄDA", "100%_\\"]

    @Test("counts when asked, pages by offset, and says where to go on")
    func counted() async throws {
        try await people { (users) async throws in
            var answer = try await users.ask(ListUsers(limit: 2, status: "active", total: true))
            #expect((answer.total, answer.users.count, answer.offset, answer.hasMore) == (4, 2, 0, true))
            #expect(answer.previous == nil && answer.next != nil)
            answer = try await users.ask(ListUsers(limit: 2, offset: 4, total: true))
            #expect((answer.total, answer.users.count, answer.hasMore, answer.next) == (5, 1, false, nil))
            answer = try await users.ask(ListUsers(offset: 10, total: true))
            #expect((answer.total, answer.users.count) == (5, 0))
            answer = try await users.ask(ListUsers(search: "nobody", total: true))
            #expect((answer.total, answer.users.count, answer.next, answer.previous) == (0, 0, nil, nil))
            #expect(try await users.ask(ListUsers()).total == nil)

            let second = try await users.ask(ListUsers(limit: 2, offset: 2))
            let third = try await users.ask(ListUsers(limit: 2, cursor: second.next))
            #expect(third.users.map(\.name) == ["100%_\\"] && third.offset == nil && !third.hasMore)
            let back = try await users.ask(ListUsers(limit: 3, cursor: third.previous, total: true))
            #expect(back.users.map(\.name) == ["straße", "Ada", "ÄDA"] && back.hasMore && back.total == 5)
            let first = try await users.ask(ListUsers(limit: 3, cursor: back.previous))
            #expect(first.users.map(\.name) == ["Zoë"] && first.previous == nil)
        }
    }

    @Test("refuses parameters that make no sense, each by its name")
    func validation() throws {
        let rows: [(ListUsers, [String])] = [
            (ListUsers(limit: 0), ["limit"]), (ListUsers(limit: 501), ["limit"]), (ListUsers(limit: -1, offset: -1), ["limit", "offset"]),
            (ListUsers(offset: 10_001), ["offset"]), (ListUsers(offset: .max), ["offset"]), (ListUsers(sort: "Name"), ["sort"]),
            (ListUsers(sort: ""), ["sort"]), (ListUsers(sort: "id; DROP TABLE x"), ["sort"]), (ListUsers(order: "down"), ["order"]),
            (ListUsers(status: ""), ["status"]), (ListUsers(status: "absent"), ["status"]), (ListUsers(status: "active\u{0}"), ["status"]),
            (ListUsers(prefix: "a\u{0}"), ["prefix"]), (ListUsers(search: "\u{0}"), ["search"]),
            (ListUsers(search: String(repeating: "a", count: 201)), ["search"]),
            (ListUsers(prefix: "e" + String(repeating: "\u{301}", count: 60_000)), ["prefix"]),
            (ListUsers(offset: 0, cursor: Cursor([])), ["offset"]), (ListUsers(sort: "created_at", prefix: "a"), ["prefix"]),
        ]
        for (query, fields) in rows {
            let error = #expect(throws: ValidationError.self) { try query.validate() }
            #expect(error?.problems.map(\.field) == fields)
        }
        for query in [ListUsers(limit: 1), ListUsers(limit: 500, offset: 10_000, sort: "email", order: "desc", status: "deactivated")] {
            #expect(throws: Never.self) { try query.validate() }
        }
    }

    @Test("takes no cursor but its own")
    func cursors() async throws {
        try await people { (users) async throws in
            let first = try await users.ask(json: #"{"limit":1,"search":"a","sort":"name"}"#)
            let cursor = try String(#require(first.firstMatch(of: /"next":"([A-Za-z0-9_-]+)"/)).1)
            #expect(
                try await users.ask(json: #"{"limit":5,"search":"a","sort":"name","order":"asc","cursor":"\#(cursor)"}"#).contains("straße")
            )
            #expect(!first.contains("100%25"))
            let rows = [
                #"{"sort":"name","cursor":"\#(cursor)"}"#, #"{"search":"A","sort":"name","cursor":"\#(cursor)"}"#,
                #"{"search":"a","cursor":"\#(cursor)"}"#, #"{"search":"a","sort":"email","cursor":"\#(cursor)"}"#,
                #"{"search":"a","sort":"name","order":"desc","cursor":"\#(cursor)"}"#,
                #"{"search":"a","sort":"name","status":"active","cursor":"\#(cursor)"}"#,
                #"{"prefix":"a","sort":"name","cursor":"\#(cursor)"}"#, #"{"search":"a","prefix":"a","sort":"name","cursor":"\#(cursor)"}"#,
                #"{"search":"a","sort":"name","cursor":"\#(cursor.dropLast())"}"#, #"{"search":"a","sort":"name","cursor":"A\#(cursor)"}"#,
                #"{"search":"a","sort":"name","cursor":"\#(cursor)="}"#, #"{"search":"a","sort":"name","cursor":""}"#,
                #"{"search":"a","sort":"name","cursor":"ä"}"#, #"{"search":"a","sort":"name","cursor":"\u0000"}"#,
                #"{"search":"a","sort":"name","cursor":"\#(String(repeating: "A", count: 1025))"}"#,
                #"{"cursor":"\#(String(repeating: "e\u{301}\u{327}", count: 20_000))"}"#,
            ]
            for json in rows {
                let error = await #expect(throws: MalformedInput.self) { try await users.ask(json: json) }
                #expect(error?.code == "invalid_cursor", "\(json.prefix(100))")
            }
            // A flipped bit anywhere.
            for index in cursor.indices {
                let flipped = cursor.replacingCharacters(in: index...index, with: cursor[index] == "A" ? "B" : "A")
                await #expect(throws: MalformedInput.self) {
                    try await users.ask(json: #"{"search":"a","sort":"name","cursor":"\#(flipped)"}"#)
                }
            }
            for wrong in [#"{"cursor":1}"#, #"{"cursor":{}}"#, #"{"total":"true"}"#, #"{"sort":1}"#] {
                let error = await #expect(throws: MalformedInput.self) { try await users.ask(json: wrong) }
                #expect(error?.code == "wrong_type")
            }
        }
    }

    /// Whatever is written between two pages: who was in the list all the time is on one page, once.
    @Test("is walked by cursors under writes without a hole and without a repeat", arguments: SeededGenerator.seeds(4))
    func walked(seed: UInt64) async throws {
        try await TestDatabase.with(projecting: UserDirectory()) { directory in
            var random = SeededGenerator(seed: seed)
            let users = Listing(directory.database)
            var people: [UUID] = []
            var active: Set<UUID> = []
            var renamed: Set<UUID> = []
            var changed: Set<UUID> = []
            func write() async throws {
                guard let id = people.randomElement(using: &random), Int.random(in: 0..<3, using: &random) > 0 else {
                    people.append(UUID())
                    let number = Int.random(in: 0..<30, using: &random)
                    // Many share a name, so that the position has to tell them apart.
                    let event = User.Event.created(email: "u\(number)@example.org", name: ["ß", "ss", "A", "a", "é"][number % 5])
                    try await directory.database.change(people[people.count - 1], event)
                    active.insert(people[people.count - 1])
                    return
                }
                switch Int.random(in: 0..<3, using: &random) {
                case 0:
                    renamed.insert(id)
                    let name = "\(["a", "Z", "ss"].randomElement(using: &random) ?? "")\(Int.random(in: 0..<9, using: &random))"
                    try await directory.database.change(id, .renamed(name: name), .emailChanged(email: "\(name)@b.c"))
                default:
                    changed.insert(id)
                    let event: User.Event = active.contains(id) ? .deactivated(reason: nil) : .reactivated
                    active.formSymmetricDifference([id])
                    try await directory.database.change(id, event)
                }
            }
            for _ in 0..<60 { try await write() }

            for sort in UserOrder.Key.allCases {
                for order in ["asc", "desc"] {
                    for status in [nil, "active"] {
                        let before = people.filter { status == nil || active.contains($0) }
                        (renamed, changed) = ([], [])
                        var seen: [UUID: Int] = [:]
                        var query = ListUsers(
                            limit: Int.random(in: 1...9, using: &random), sort: sort.rawValue, order: order, status: status)
                        walk: while true {
                            let page = try await users.ask(query)
                            for user in page.users { seen[user.id, default: 0] += 1 }
                            guard let next = page.next else { break walk }
                            for _ in 0..<Int.random(in: 0...3, using: &random) { try await write() }
                            query = ListUsers(
                                limit: Int.random(in: 3...9, using: &random), cursor: next, sort: sort.rawValue, order: order,
                                status: status)
                        }
                        for id in before where status == nil || !changed.contains(id) {
                            // Whoever is renamed in a list by name goes to another place in it.
                            if sort != .createdAt, renamed.contains(id) { continue }
                            #expect(seen[id] == 1, "\(sort) \(order) \(status ?? "all"), seed \(seed)")
                        }
                        if sort == .createdAt { #expect(seen.values.allSatisfy { $0 == 1 }) }
                    }
                }
            }
        }
    }

    @Test("finds parts by index where PostgreSQL has trigrams")
    func trigrams() async throws {
        try await TestDatabase.with { database in
            try await database.pool.execute("CREATE EXTENSION pg_trgm")
            try await database.createReadTables([UserDirectory()])
            let indexes = try await database.pool.execute("SELECT indexname::text FROM pg_indexes WHERE tablename = 'user_directory'")
            let names: [String] = try indexes.map { row in try row.decode(String.self) }
            #expect(names.contains("user_directory_parts"))
        }
    }

    @Test("finds every page in an index, whatever it is sorted by")
    func plans() async throws {
        try await people { (users) async throws in
            for sort in UserOrder.Key.allCases {
                for order in ["asc", "desc"] {
                    for status in [nil, "active"] {
                        for direction in [nil, ListPlace.Direction.next, .previous] {
                            let cursor = direction.map { direction in
                                ListPlace(direction, key: ["1", "x"]).cursor(of: ["ListUsers", sort.rawValue, order, status ?? "", "", ""])
                            }
                            let query = ListUsers(cursor: cursor, sort: sort.rawValue, order: order, status: status)
                            try query.validate()
                            let plan = try await users.database.pool.withConnection { connection in
                                try await connection.execute("SET enable_seqscan = off")
                                try await connection.execute("SET enable_sort = off")
                                let plan = try await connection.execute("EXPLAIN \(fragment: query.statement)").map { row -> String in
                                    try row.decode(String.self)
                                }
                                try await connection.execute("RESET enable_seqscan")
                                try await connection.execute("RESET enable_sort")
                                return plan.joined(separator: "\n")
                            }
                            let name = "user_directory_\(status == nil ? "" : "status_")\(sort == .createdAt ? "listed_at" : sort.rawValue)"
                            #expect(plan.contains("Scan using \(name) ") || plan.contains("Scan Backward using \(name) "), "\(plan)")
                            #expect(!plan.contains("Sort"), "\(plan)")
                            #expect(direction == nil || plan.contains("Index Cond: "), "\(plan)")
                        }
                    }
                }
            }
        }
    }
}

extension LeftfoldDatabase {
    func change(_ id: UUID, _ events: User.Event...) async throws { try await change(id, events) }

    func change(_ id: UUID, _ events: [User.Event]) async throws {
        _ = try await store.append(Note.append(to: StreamID<User>(id).name, events.map { try EventCodec.encode($0) }))
    }
}

extension CursorSeal {
    /// The bytes backwards, between two sums: enough to see that cursors go through a seal.
    static let reversing = CursorSeal(
        seal: { payload in sum(payload) + payload.reversed() },
        open: { sealed in
            let payload = Array(sealed.dropFirst(4).reversed())
            return sealed.count >= 4 && sum(payload).elementsEqual(sealed.prefix(4)) ? payload : nil
        })

    private static func sum(_ payload: [UInt8]) -> [UInt8] {
        let sum = payload.reduce(into: UInt32(7)) { $0 = $0 &* 31 &+ UInt32($1) }
        return [
            UInt8(truncatingIfNeeded: sum), UInt8(truncatingIfNeeded: sum >> 8), UInt8(truncatingIfNeeded: sum >> 16),
            UInt8(truncatingIfNeeded: sum >> 24),
        ]
    }
}
