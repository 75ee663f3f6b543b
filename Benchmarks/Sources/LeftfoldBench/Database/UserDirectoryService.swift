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
    let queries: QueryBus

    static let editor = Principal(subject: "bench", roles: ["editor"])

    init(_ bench: BenchDatabase) {
        database = LeftfoldDatabase(bench.configuration, logger: Console.logger)
        commands = CommandBus(store: database.store, policy: UsersPolicy.roles, commands: [CreateUser.self, UpdateUser.self])
        let readModels = ReadModels(database)
        queries = QueryBus(
            policy: UsersPolicy.roles,
            handlers: [readModels.handler(for: GetUser.self), readModels.handler(for: ListUsers.self)])
    }

    /// Closes the connections afterwards.
    static func use(_ bench: BenchDatabase, _ body: (UserDirectoryService) async throws -> Void) async throws {
        let service = UserDirectoryService(bench)
        do {
            try await body(service)
        } catch {
            await service.database.close()
            throw error
        }
        await service.database.close()
    }

    func fillReadTables() async throws { _ = try await Rebuild(UserDirectory(), in: database).run() }

    /// Of all users in the read table, the oldest first.
    func userIDs() async throws -> [UUID] {
        try await database.pool.execute("SELECT id FROM user_directory ORDER BY listed_at").map { try $0.decode(UUID.self) }
    }
}
