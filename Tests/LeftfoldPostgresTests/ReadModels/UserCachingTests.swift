import Foundation
import Leftfold
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldTesting
import LeftfoldUsers
import LeftfoldUsersReadModel
import Testing

/// That the queries on users name all that their answers depend on.
@Suite("Kept answers about users")
struct UserCachingTests {
    private static let names = ["Ada", "ada", "Berta", "Åsa", "Zoë"]

    /// Someone who is there, and what is true of them.
    private struct Person {
        let id = UUID()
        var isActive = true
    }

    private static func lists() -> [ListUsers] {
        var lists: [ListUsers] = []
        for sort in ["created_at", "name", "email"] {
            for order in ["asc", "desc"] {
                for status in [nil, "active", "deactivated"] {
                    for offset in [nil, 3] { lists.append(ListUsers(limit: 4, offset: offset, sort: sort, order: order, status: status)) }
                }
            }
        }
        lists += ["a", "zo"].map { ListUsers(limit: 3, prefix: $0) }
        lists += ["a", "2@"].map { ListUsers(limit: 3, search: $0) }
        lists += [ListUsers(limit: 2, search: "a", total: true), ListUsers(limit: 2, status: "active", total: true)]
        lists += [ListUsers(limit: 3, sort: "email", prefix: "u1")]
        return lists
    }

    @Test("are the read ones after any change, pages by cursor in both directions included", arguments: SeededGenerator.seeds(2))
    func compared(seed: UInt64) async throws {
        try await TestDatabase.with { database in
            try await database.projecting(UserDirectory()) {
                try await database.projecting(UserHistory()) {
                    var random = SeededGenerator(seed: seed)
                    let models = ReadModels(database)
                    let handlers = [
                        models.handler(for: ListUsers.self), models.handler(for: GetUser.self), models.handler(for: GetUserHistory.self),
                    ]
                    let cached = QueryBus(policy: UsersPolicy.roles, handlers: handlers, cache: QueryCache(database.progress))
                    let read = QueryBus(policy: UsersPolicy.roles, handlers: handlers)
                    var hits = 0
                    var head = GlobalPosition.zero

                    func compare<Q: Query>(_ query: Q) async throws -> Q.Answer? where Q.Answer: Equatable {
                        let context = QueryContext(
                            principal: Principal(subject: "tester", roles: ["admin"]), correlationID: "test", after: head,
                            patience: .seconds(30))
                        do {
                            let answered = try await cached.ask(query, context)
                            if answered.cache == .hit { hits += 1 }
                            #expect(try await answered.value == read.ask(query, context).value, "seed \(seed): \(query) at \(head)")
                            return answered.value
                        } catch is NotFound {
                            return nil
                        }
                    }

                    var people: [Person] = []
                    var lists = Self.lists()
                    for number in 0..<60 {
                        let at = people.indices.randomElement(using: &random)
                        switch (Int.random(in: 0..<6, using: &random), at) {
                        case (0...1, _), (_, nil):
                            let person = Person()
                            let name = Self.names.randomElement(using: &random) ?? ""
                            try await database.change(person.id, [.created(email: "u\(number)@example.org", name: name)])
                            people.append(person)
                        case (2, let at?):
                            try await database.change(people[at].id, [.renamed(name: Self.names.randomElement(using: &random) ?? "")])
                        case (3, let at?):
                            try await database.change(people[at].id, [.emailChanged(email: "\(number)@example.org")])
                        case (_, let at?):
                            try await database.change(people[at].id, [people[at].isActive ? .deactivated(reason: nil) : .reactivated])
                            people[at].isActive.toggle()
                        }
                        if Int.random(in: 0..<20, using: &random) == 0 { _ = try await Rebuild(UserDirectory(), in: database).run() }
                        head = try await database.store.head()
                        for list in lists {
                            guard let answer = try await compare(list), lists.count < 90, Int.random(in: 0..<40, using: &random) == 0 else {
                                continue
                            }
                            // Pages that were met on the way are asked for from then on.
                            for cursor in [answer.next, answer.previous].compactMap(\.self) {
                                lists.append(
                                    ListUsers(
                                        limit: 3, cursor: cursor, sort: list.sort, order: list.order, status: list.status,
                                        prefix: list.prefix,
                                        search: list.search))
                            }
                        }
                        for person in people.prefix(5) {
                            _ = try await compare(GetUser(id: person.id))
                            _ = try await compare(GetUserHistory(id: person.id, order: "desc"))
                        }
                    }
                    #expect(hits > 500, "seed \(seed): a change leaves alone what it does not touch")
                }
            }
        }
    }
}
