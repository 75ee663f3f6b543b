import Leftfold
import LeftfoldDriver
import LeftfoldHTTP
import LeftfoldPostgres
import Logging

/// A composition put together on one database.
struct Assembly<C: Composition>: Sendable {
    let database: LeftfoldDatabase
    let commands: CommandBus
    let queries: QueryBus
    let logger: Logger

    init(_ settings: Settings, logger: Logger) throws {
        database = LeftfoldDatabase(try settings.database(for: C.name), poolSize: settings.poolSize, logger: logger)
        commands = CommandBus(
            store: database.store, policy: C.policy, commands: C.commands, handlers: C.handlers,
            cache: AggregateCache(capacity: settings.aggregateCache))
        queries = QueryBus(policy: C.policy, handlers: C.queries(ReadModels(database)))
        self.logger = logger
    }

    /// For commands that end by themselves: closes the connections afterwards.
    func use<T: Sendable>(_ body: (Self) async throws -> T) async throws -> T {
        do {
            let value = try await body(self)
            await database.close()
            return value
        } catch {
            await database.close()
            throw error
        }
    }
}
