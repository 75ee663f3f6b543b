public import LeftfoldDriver
public import Logging
public import ServiceLifecycle

/// One log in a PostgreSQL database, and all that belongs to it: the journal, the followers, the read tables. A database may
/// hold any number of logs, which share nothing.
///
/// Run it as a service: it listens for announcements and closes its connections when it is stopped, so start it first.
public struct LeftfoldDatabase: Service {
    public let configuration: ConnectionConfiguration
    /// The schema that holds the log.
    public let log: LogName
    /// The schema of the views through which queries see the read tables.
    public let readSchema: String
    /// For queries, and for reading the log.
    public let pool: Pool
    public let store: PostgresEventStore
    public let announcements: Announcements
    private let appends: Pool
    private let logger: Logger

    /// - Parameters:
    ///   - configuration: LISTEN needs a direct connection, not a pooler in transaction mode.
    ///   - log: two logs of one database that have projections of the same name need a `readSchema` each.
    ///   - readSchema: lowercase letters, digits and underscores. It is made when it is not there.
    ///   - poolSize: connections for reading. One more is kept for appending and one for listening.
    ///   - limits: of appends.
    ///   - logger: is told of trouble that mends itself.
    public init(
        _ configuration: ConnectionConfiguration, log: LogName = .standard, readSchema: String = "public", poolSize: Int = 10,
        limits: AppendLimits = .init(), logger: Logger
    ) {
        self.configuration = configuration
        self.log = log
        self.readSchema = readSchema
        self.logger = logger
        var reading = configuration
        if readSchema != "public" { reading.settings["search_path"] = "\"\(readSchema)\", public" }
        pool = Pool(reading, size: poolSize, logger: logger)
        var appending = configuration
        appending.applicationName = "\(configuration.applicationName) append"
        appending.lockTimeout = limits.lockTimeout
        appends = Pool(appending, size: 1, logger: logger)
        store = PostgresEventStore(pool: pool, log: log, appender: Appender(pool: appends, log: log, limits: limits, logger: logger))
        announcements = Announcements(log)
    }

    /// Listens until it is stopped, then waits for what is under way and closes the connections.
    public func run() async throws {
        var listening = configuration
        listening.applicationName = "\(configuration.applicationName) listen"
        let listener = Listener(listening, channels: announcements.channels, logger: logger)
        try await cancelWhenGracefulShutdown {
            try await listener.run { event in announcements.receive(event) }
        }
        await close()
    }

    /// What `Migrator` would do here, asked on a connection of the pool.
    public func pendingMigrations() async throws -> [Migrator.Applied] {
        do {
            return try await pool.withConnection { try await Migrator.pending(on: $0, log) }
        } catch let error as PostgresError {
            throw error.asUnavailable
        }
    }

    /// For programs that do not run it as a service.
    public func close() async {
        await appends.shutdown()
        await pool.shutdown()
    }
}
