import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldUsers
import LeftfoldUsersReadModel

/// What the service `users` is made of, as far as it is measured.
struct UserDirectoryService: Sendable {
    let database: LeftfoldDatabase
    let commands: CommandBus
    /// Every query is read.
    let queries: QueryBus
    /// Answers are kept.
    let cachedQueries: QueryBus

    static let editor = Principal(subject: "bench", roles: ["editor"])

    init(_ bench: BenchDatabase) {
        database = LeftfoldDatabase(bench.configuration, logger: Console.logger)
        commands = CommandBus(store: database.store, policy: UsersPolicy.roles, commands: [CreateUser.self, UpdateUser.self])
        let readModels = ReadModels(database)
        let handlers = [readModels.handler(for: GetUser.self), readModels.handler(for: ListUsers.self)]
        queries = QueryBus(policy: UsersPolicy.roles, handlers: handlers)
        cachedQueries = QueryBus(policy: UsersPolicy.roles, handlers: handlers, cache: QueryCache(database.progress))
    }

    /// Listens to what is announced meanwhile, and closes the connections afterwards.
    static func use(_ bench: BenchDatabase, _ body: (UserDirectoryService) async throws -> Void) async throws {
        let service = UserDirectoryService(bench)
        let result: Result<Void, any Error> = await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await service.database.run() }
            defer { group.cancelAll() }
            do { return .success(try await body(service)) } catch { return .failure(error) }
        }
        await service.database.close()
        try result.get()
    }

    func fillReadTables() async throws { _ = try await Rebuild(UserDirectory(), in: database).run() }

    /// The cursor of the list behind so many users.
    func cursor(behind users: Int) async throws -> Cursor? {
        var (left, cursor) = (users, Cursor?.none)
        while left > 0 {
            let query = ListUsers(limit: min(left, ListUsers.maximumLimit), cursor: cursor)
            let page = try await queries.ask(query, QueryContext(principal: Self.editor, correlationID: "bench")).value
            cursor = page.next
            left -= page.users.count
            if page.next == nil { break }
        }
        return cursor
    }

    /// Of all users in the read table, the oldest first.
    func userIDs() async throws -> [UUID] {
        try await database.pool.execute("SELECT id FROM user_directory ORDER BY listed_at").map { try $0.decode(UUID.self) }
    }
}
