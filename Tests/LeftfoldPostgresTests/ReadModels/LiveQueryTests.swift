import Foundation
import Leftfold
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldTesting
import LeftfoldUsers
import LeftfoldUsersReadModel
import Synchronization
import Testing

/// Live queries on real read tables.
@Suite("Live queries", .timeLimit(.minutes(10)))
struct LiveQueryTests {
    private final class Seen: Sendable {
        let state = Mutex<(names: [String], positions: [GlobalPosition])>(([], []))
        func note(_ names: [String], _ position: GlobalPosition) {
            state.withLock {
                $0.names = names
                $0.positions.append(position)
            }
        }
        var names: [String] { state.withLock { $0.names } }
        var positions: [GlobalPosition] { state.withLock { $0.positions } }
    }

    private func queries(_ database: LeftfoldDatabase, cached: Bool = true) -> QueryBus {
        let models = ReadModels(database)
        return QueryBus(
            policy: UsersPolicy.roles, handlers: [models.handler(for: ListUsers.self), models.handler(for: GetUser.self)],
            cache: cached ? QueryCache(database.progress) : nil)
    }

    private let context = QueryContext(principal: Principal(subject: "tester", roles: ["admin"]), correlationID: "test")

    @Test("end at what the tables say, whatever is written, rebuilt or not announced", arguments: SeededGenerator.seeds(2))
    func converge(seed: UInt64) async throws {
        try await TestDatabase.twoWays { direct, behind, proxy in
            try await direct.projecting(UserDirectory()) { try await converge(seed, direct, behind, proxy) }
        }
    }

    private func converge(_ seed: UInt64, _ direct: LeftfoldDatabase, _ behind: LeftfoldDatabase, _ proxy: CuttingProxy) async throws {
        var random = SeededGenerator(seed: seed)
        let live = queries(behind)
        let lists = [ListUsers(sort: "name"), ListUsers(limit: 2, sort: "name"), ListUsers(sort: "name", prefix: "b")]
        let seen = lists.map { _ in Seen() }
        let context = context
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (list, seen) in zip(lists, seen) {
                group.addTask {
                    while !Task.isCancelled {
                        do {
                            for try await answered in live.watch(list, context) {
                                seen.note(answered.value.users.map(\.name), answered.position)
                            }
                        } catch  where Task.isCancelled {
                            // It was read just then.
                        } catch  where error is Unavailable && seen.positions.isEmpty {
                            // The first answer is refused as any question is: the connection was cut just then.
                        } catch {
                            Issue.record("seed \(seed): \(list) ended: \(error)")
                            throw error
                        }
                    }
                }
            }
            var people: [UUID] = []
            for number in 0..<40 {
                if let person = people.randomElement(using: &random), Bool.random(using: &random) {
                    try await direct.change(person, [.renamed(name: ["Ada", "Berta", "Bob", "Zoë"].randomElement(using: &random) ?? "")])
                } else {
                    let person = UUID()
                    try await direct.change(person, [.created(email: "u\(number)@example.org", name: "Berta \(number)")])
                    people.append(person)
                }
                switch Int.random(in: 0..<12, using: &random) {
                case 0: _ = try await Rebuild(UserDirectory(), in: direct).run()
                case 1: proxy.cut()
                case 2: proxy.add(.drop(.notificationResponse, occurrence: 1))
                default: break
                }
            }
            var context = context
            context.after = try await direct.store.head()
            context.patience = .seconds(60)
            let truth = queries(direct, cached: false)
            for (list, seen) in zip(lists, seen) {
                let names = try await truth.ask(list, context).value.users.map(\.name)
                try await eventually("seed \(seed): \(list) ends at what the tables say", within: .seconds(200)) { seen.names == names }
                #expect(seen.positions == seen.positions.sorted(), "seed \(seed): never back")
            }
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(behind.progress.waiting == 0)
    }

    @Test("a change of one user wakes who watches that user, and nobody reads for the others")
    func one() async throws {
        try await TestDatabase.with { database in
            try await database.projecting(UserDirectory()) {
                let bus = queries(database)
                let (ada, berta) = (UUID(), UUID())
                try await database.change(ada, [.created(email: "a@example.org", name: "Ada")])
                try await database.change(berta, [.created(email: "b@example.org", name: "Berta")])
                var context = context
                context.after = try await database.store.head()
                context.patience = .seconds(60)
                // Once known, it is told.
                _ = try await bus.ask(GetUser(id: ada), context)
                var answers = bus.watch(GetUser(id: ada), context).makeAsyncIterator()
                #expect(try await answers.next()?.value.name == "Ada")
                try await database.change(berta, [.renamed(name: "Bea")])
                try await database.change(ada, [.renamed(name: "Adele")])
                let answered = try #require(try await answers.next())
                #expect(answered.value.name == "Adele")
                #expect(answered.position >= (try await database.store.head()))
            }
        }
    }
}
