import Leftfold
import LeftfoldDriver
public import Logging
import Metrics
public import ServiceLifecycle
import Tracing

/// Keeps one projection's live generation at the head of the log. As many may run as you like, in as many processes: one
/// works, the others stand by, and take over as soon as it leaves, or within five seconds of its death.
///
/// The projectors of one ``LeftfoldDatabase`` read the log once for all that are near one another. Processes spread the
/// projections among themselves: who has at least two more than another hands one over.
///
/// A generation that another version of the projection's code built it leaves alone, says so once, and goes on when one of
/// its own version is live.
public struct Projector: Service {
    private let projection: any PostgresProjection
    private let database: LeftfoldDatabase
    private let pace: BatchPace
    private let patience: Duration
    private let logger: Logger
    private let gauges: FollowerGauges
    private let span: BatchSpan

    /// - Parameters:
    ///   - projection: one of the service's.
    ///   - database: the log that it follows, and where its tables are.
    ///   - batchSize: events in one transaction at most.
    ///   - logger: is told what stops it.
    public init(_ projection: any PostgresProjection, in database: LeftfoldDatabase, batchSize: Int = 1000, logger: Logger) {
        self.init(projection, in: database, batchSize: batchSize, patience: .seconds(1), logger: logger)
    }

    /// - Parameter patience: how long it waits for an announcement before it looks by itself.
    init(
        _ projection: any PostgresProjection, in database: LeftfoldDatabase, batchSize: Int = 1000, patience: Duration,
        metrics: any MetricsFactory = MetricsSystem.factory, tracer: any Tracer = InstrumentationSystem.tracer, logger: Logger
    ) {
        self.projection = projection
        self.database = database
        pace = BatchPace(batchSize)
        self.patience = patience
        var logger = logger
        logger[metadataKey: "projection"] = "\(projection.name)"
        self.logger = logger
        gauges = FollowerGauges(kind: "projection", name: projection.name.rawValue, factory: metrics)
        span = BatchSpan("project \(projection.name)", tracer: tracer)
    }

    /// Works until it is stopped. Trouble with the database is logged and tried again; it never ends the projector. Throws
    /// only ``UnfitProjection``.
    public func run() async throws {
        try projection.checkName(in: database.log)
        await cancelWhenGracefulShutdown {
            var complained: Generation?
            var offered: FollowerName?
            func offer(_ follower: FollowerName?) {
                guard follower != offered else { return }
                if let offered { database.sharing.withdraw(offered) }
                if let follower { database.sharing.offer(follower) }
                offered = follower
            }
            defer { offer(nil) }
            await persistently(logger) {
                let switched = database.announcements.mark(of: .switchOver(projection.name)) + 1
                let generation = try await generations.ensureLive()
                offer(generation.codeVersion == projection.version && !projection.isInline ? generation.follower : nil)
                guard generation.codeVersion != projection.version else { return try await work(on: generation) }
                if complained != generation {
                    complained = generation
                    logger.error(
                        "the live generation was built by another version of the code; rebuild with this one",
                        metadata: [
                            "generation": "\(generation.number)", "built by version": "\(generation.codeVersion)",
                            "this is version": "\(projection.version)",
                        ])
                }
                await database.announcements.wait(for: .switchOver(projection.name), at: switched, atMost: patience)
            }
        }
    }

    private var generations: Generations { Generations(projection: projection, database: database) }

    private func work(on generation: Generation) async throws {
        let run = FollowerRun(
            follower: generation.follower, handler: { try await projection.form.writer(generation, $0) }, database: database,
            reader: LogReader(store: database.store, pace: pace, sources: projection.sources, shared: database.sharedPages),
            staysAtHead: !projection.isInline, searchPath: generation.searchPath(database), gauges: gauges, span: span, logger: logger,
            patience: patience)
        if projection.isInline, try await !isLeftBehind(generation) { return }
        // It may have been retired between our look and the lease.
        try await run.run { try await generations.ensureLive() == generation }
    }

    /// Whether what appends keep was left behind by somebody's who does not.
    private func isLeftBehind(_ generation: Generation) async throws -> Bool {
        let head = try await database.store.head()
        try await Task.sleep(for: patience)
        let position = try await database.pool.execute(
            "SELECT position FROM \(database.log).followers WHERE name = \(generation.follower)"
        ).first?.decode(GlobalPosition.self)
        return position.map { $0 < head } ?? false
    }
}
