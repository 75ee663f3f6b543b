public import Leftfold
public import LeftfoldDriver
public import Logging
public import ServiceLifecycle

/// One log in a PostgreSQL database, and all that belongs to it: the journal, the followers, the read tables. A database may
/// hold any number of logs, which share nothing.
///
/// Run it as a service: it listens for announcements and closes its connections when it is stopped, so start it first.
public struct LeftfoldDatabase: Service {
    /// The timeout of queries that do not declare another one. The server holds it by itself.
    static let queryTimeout: Duration = .seconds(5)
    /// How long any other statement of a pool waits for its answer, unless its caller says otherwise.
    static let answerTimeout: Duration = .seconds(8)

    public let configuration: ConnectionConfiguration
    /// The schema that holds the log.
    public let log: LogName
    /// The schema of the views through which queries see the read tables.
    public let readSchema: String
    /// Where extensions are installed that projections and queries use, other than in `public`.
    public let extensionSchemas: [String]
    /// For reading the log, and whatever else needs the primary. A statement without a timeout of its own has one of 8 s.
    public let pool: Pool
    /// For queries. Its statements end by themselves after 5 s, unless they say otherwise.
    public let queries: Pool
    /// Whether queries are read from a replica, which shows what the primary has committed some time later.
    public let readsReplica: Bool
    public let store: PostgresEventStore
    public let announcements: Announcements
    /// How far the read models are, as far as it was announced: what a `QueryCache` of this database is made for.
    public var progress: ReadModelProgress { announcements.progress }
    let appends: Pool
    /// How announcements are listened for; nil: not at all.
    private let listening: ConnectionConfiguration?
    let watch: EpochWatch
    let sharedPages: SharedPages
    let sharing: WorkSharing
    let logger: Logger

    /// - Parameters:
    ///   - configuration: may lead to a pooler in transaction mode, if it says so.
    ///   - log: two logs of one database that have projections of the same name need a `readSchema` each.
    ///   - readSchema: lowercase letters, digits and underscores. It is made when it is not there.
    ///   - extensionSchemas: where projections and queries look for the types, functions and operators of extensions, after `public`. Whoever may create
    ///     something in one of them may be called by them, so only name those whose owners are trusted.
    ///   - reads: a streaming replica that queries are to be read from; nil: they are read from the primary.
    ///   - listening: a direct connection to listen on for announcements, where the others lead to a pooler. Without one, all who wait for
    ///     something look for themselves, which takes them up to a second, and answers to queries are not kept.
    ///   - poolSize: connections for queries at most, and as many for reading the log. One more is kept for appending and one for listening.
    ///   - limits: of appends.
    ///   - logger: is told of trouble that mends itself.
    public init(
        _ configuration: ConnectionConfiguration, log: LogName = .standard, readSchema: String = "public", extensionSchemas: [String] = [],
        reads: ConnectionConfiguration? = nil, listening: ConnectionConfiguration? = nil, poolSize: Int = 10,
        limits: AppendLimits = .init(), logger: Logger
    ) {
        // Not the role's: it may have tables of the same names in a schema of its own.
        func reading(_ configuration: ConnectionConfiguration) -> ConnectionConfiguration {
            var configuration = configuration
            configuration.settings["search_path"] = Self.searchPath(readSchema, extensionSchemas).asSearchPath
            return configuration
        }
        var configuration = reading(configuration)
        configuration.answerTimeout = configuration.answerTimeout ?? Self.answerTimeout
        self.configuration = configuration
        self.listening = listening ?? (configuration.pooler == .none ? configuration : nil)
        self.log = log
        self.readSchema = readSchema
        self.extensionSchemas = extensionSchemas
        self.logger = logger
        let watch = EpochWatch(log, logger: logger)
        self.watch = watch
        let enter: @Sendable (Connection) async throws(PostgresError) -> Void = { connection throws(PostgresError) in
            try await watch.enter(on: connection)
        }
        let pool = Pool(configuration, size: poolSize, logger: logger, onConnect: enter)
        self.pool = pool
        var querying = reads.map(reading) ?? configuration
        querying.applicationName = "\(querying.applicationName) query"
        querying.statementTimeout = Self.queryTimeout
        let isReplica = reads != nil
        let queries = Pool(querying, size: poolSize, logger: logger) { connection throws(PostgresError) in
            // A replica is asked with each answer.
            if !isReplica { try await watch.enter(on: connection) }
        }
        self.queries = queries
        readsReplica = isReplica
        var appending = configuration
        appending.applicationName = "\(configuration.applicationName) append"
        appending.lockTimeout = limits.lockTimeout
        // `append` then need not limit what else its transaction does.
        appending.idleInTransactionTimeout = .seconds(1)
        let appends = Pool(appending, size: 1, logger: logger, onConnect: enter)
        self.appends = appends
        let appender = Appender(pool: appends, log: log, watch: watch, limits: limits, logger: logger)
        store = PostgresEventStore(pool: pool, log: log, history: watch.history, appender: appender)
        sharedPages = SharedPages(watch.history)
        sharing = WorkSharing(log: log, pool: pool, logger: logger)
        let announcements = Announcements(log)
        self.announcements = announcements
        watch.history.askBy { await watch.look(through: pool) }
        watch.onEntry { before in
            announcements.forget()
            for pool in [pool, queries, appends] { await pool.retire(openedBefore: before) }
        }
    }

    /// Listens until it is stopped, then waits for what is under way and closes the connections.
    public func run() async throws {
        let listener = listening.map { direct in
            var listening = direct
            listening.applicationName = "\(configuration.applicationName) listen"
            return Listener(listening, channels: announcements.channels, logger: logger)
        }
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                if let listener { group.addTask { try await listener.run { event in announcements.receive(event) } } }
                group.addTask { await watch.run(through: pool) }
                group.addTask { await sharing.run() }
                group.addTask { await ReadModelWatch(progress: progress, pool: pool, log: log, teaches: readsReplica).run() }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
        await close()
    }

    private static func searchPath(_ readSchema: String, _ extensionSchemas: [String]) -> [String] {
        var seen = Set<String>()
        return ([readSchema, "public"] + extensionSchemas).filter { seen.insert($0).inserted }
    }

    /// Where queries look for the read models, and for the types, functions and operators of extensions.
    var searchPath: [String] { Self.searchPath(readSchema, extensionSchemas) }

    /// Who this process is in leases.
    var worker: String { sharing.worker }

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
        store.appender.accompany(with: nil)
        await appends.shutdown()
        await queries.shutdown()
        await pool.shutdown()
    }
}
