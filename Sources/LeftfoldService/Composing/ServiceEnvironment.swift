public import Leftfold
public import LeftfoldPostgres
public import Logging

/// What a service is made from.
public struct ServiceEnvironment: Sendable {
    /// ``Settings/own`` has settings of the service's own.
    public let settings: Settings
    public let database: LeftfoldDatabase
    public let logger: Logger
    /// What this process does; empty in one that ends by itself, such as `bank send`. A service of one's own that must run
    /// beside the projector, say, is made where this contains `.project`.
    public let roles: ProcessRoles

    public init(settings: Settings, database: LeftfoldDatabase, logger: Logger, roles: ProcessRoles) {
        self.settings = settings
        self.database = database
        self.logger = logger
        self.roles = roles
    }

    public var readModels: ReadModels { ReadModels(database) }

    /// The handler of a query that one statement on the read tables answers.
    public func query<Q: PostgresQuery>(_ type: Q.Type) -> QueryHandler { readModels.handler(for: Q.self) }

    /// The handler of a query that is answered from the events of one stream.
    public func query<Q: StateQuery>(_ type: Q.Type) -> QueryHandler { QueryHandler(Q.self, folding: database.store) }
}

/// What one process does. As many processes of each role may run as you like.
public struct ProcessRoles: OptionSet, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Answers HTTP.
    public static let serve = ProcessRoles(rawValue: 1)
    /// Keeps the read tables up to date.
    public static let project = ProcessRoles(rawValue: 2)
}
