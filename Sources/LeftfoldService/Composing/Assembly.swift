public import Leftfold
public import LeftfoldPostgres
public import Logging

/// A composition put together on one log: what a process works with.
public struct Assembly: Sendable {
    /// The program's.
    public let name: String
    public let version: String
    public let settings: Settings
    public let composition: Composition
    public let database: LeftfoldDatabase
    public let commands: CommandBus
    public let queries: QueryBus
    public let logger: Logger

    init(program: any ServiceProgram.Type, composition: Composition, environment: ServiceEnvironment, cursors: CursorSeal) {
        (name, version) = (program.name, program.version)
        self.composition = composition
        (settings, database, logger) = (environment.settings, environment.database, environment.logger)
        environment.database.keepInline(composition.projections)
        commands = composition.commandBus(on: environment.database.store, settings)
        let cache =
            settings.queryCache > 0
            ? QueryCache(database.progress, entries: settings.queryCache, bytes: settings.queryCacheMegabytes << 20) : nil
        queries = QueryBus(
            policy: composition.policy, handlers: composition.queries, cache: cache, middleware: composition.queryMiddleware,
            cursors: cursors)
    }

    /// The same bus on another store, such as one that keeps the order of a file.
    public func commands(on store: any EventStore) -> CommandBus { composition.commandBus(on: store, settings) }

    /// The projection of this name; nil where there is none.
    public func projection(named name: String) -> (any PostgresProjection)? {
        composition.projections.first { $0.name.rawValue == name }
    }

    public var health: Health { Health(database, projections: composition.projections) }

    /// What must be well for this process to take work, the service's own checks included.
    ///
    /// - Parameter roles: what the process is; the role that it connects to the database as must have the rights of these.
    public func readiness(as roles: Set<DatabaseRole> = [.service]) async -> [Health.Finding] {
        await health.readiness(as: roles) + ownFindings()
    }

    /// What the service's own checks say.
    public func ownFindings() async -> [Health.Finding] {
        var findings: [Health.Finding] = []
        for check in composition.checks { findings.append(await check.finding()) }
        return findings
    }
}

extension Composition {
    fileprivate func commandBus(on store: any EventStore, _ settings: Settings) -> CommandBus {
        CommandBus(
            store: store, policy: policy, commands: commands, handlers: handlers,
            cache: AggregateCache(capacity: settings.aggregateCache), middleware: commandMiddleware)
    }
}

extension ServiceProgram {
    /// Puts the service together without starting anything. Close its database when you are done, or run it as a service.
    ///
    /// Throws ``Misconfigured``, or what ``compose(in:)`` throws.
    public static func assemble(_ settings: Settings, roles: ProcessRoles = [], logger: Logger? = nil) async throws -> Assembly {
        let logger = logger ?? Logger(name, settings)
        let database = LeftfoldDatabase(
            try settings.connection(for: name), log: settings.log, extensionSchemas: settings.extensionSchemas,
            reads: try settings.readConnection(for: name),
            listening: try settings.listenConnection(for: name), poolSize: settings.poolSize, logger: logger)
        let environment = ServiceEnvironment(settings: settings, database: database, logger: logger, roles: roles)
        do {
            let cursors = try settings.cursorSeal(roles: roles, logger: logger)
            return Assembly(program: Self.self, composition: try await compose(in: environment), environment: environment, cursors: cursors)
        } catch {
            await database.close()
            throw error
        }
    }

    /// For work that ends by itself: closes the connections afterwards.
    public static func withAssembly<T: Sendable>(
        _ settings: Settings, logger: Logger? = nil, _ body: (Assembly) async throws -> T
    ) async throws -> T {
        let assembly = try await assemble(settings, logger: logger)
        do {
            let value = try await body(assembly)
            await assembly.database.close()
            return value
        } catch {
            await assembly.database.close()
            throw error
        }
    }
}
