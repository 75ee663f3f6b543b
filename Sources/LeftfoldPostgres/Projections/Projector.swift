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
/// its own version is live; or, where it is to, it builds one of its own version when the live one is of an older. It also
/// keeps generations of its own version up to date that were replaced and kept.
public struct Projector: Service {
    private let projection: any PostgresProjection
    private let database: LeftfoldDatabase
    private let pace: BatchPace
    private let patience: Duration
    private let changed: WhenChanged
    private let logger: Logger
    private let metrics: any MetricsFactory
    private let gauges: FollowerGauges
    private let span: BatchSpan

    /// - Parameters:
    ///   - projection: one of the service's.
    ///   - database: the log that it follows, and where its tables are.
    ///   - batchSize: events in one transaction at most.
    ///   - changed: what it does where older code built the live generation.
    ///   - logger: is told what stops it.
    public init(
        _ projection: any PostgresProjection, in database: LeftfoldDatabase, batchSize: Int = 1000,
        whenChanged changed: WhenChanged = .waits,
        logger: Logger
    ) {
        self.init(projection, in: database, batchSize: batchSize, patience: .seconds(1), whenChanged: changed, logger: logger)
    }

    /// - Parameter patience: how long it waits for an announcement before it looks by itself.
    init(
        _ projection: any PostgresProjection, in database: LeftfoldDatabase, batchSize: Int = 1000, patience: Duration,
        whenChanged changed: WhenChanged = .waits,
        metrics: any MetricsFactory = MetricsSystem.factory, tracer: any Tracer = InstrumentationSystem.tracer, logger: Logger
    ) {
        self.projection = projection
        self.database = database
        pace = BatchPace(batchSize)
        self.patience = patience
        self.changed = changed
        self.metrics = metrics
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
            async let kept: Void = keptGenerations.run()
            await followLive()
            await kept
        }
    }

    private func followLive() async {
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
            guard generation.codeVersion != projection.version else {
                if projection.isInline, try await !isLeftBehind(generation) { return }
                return try await follow(generation, gauges, staysAtHead: !projection.isInline) {
                    try await generations.ensureLive() == generation
                }
            }
            if try await overtake(generation) { return }
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

    private var generations: Generations { Generations(projection: projection, database: database) }

    var keptGenerations: KeptGenerations {
        KeptGenerations(
            generations: generations,
            follow: { generation, ifStill in
                let gauges = FollowerGauges(
                    kind: "kept_generation", name: "\(projection.name).\(generation.number)", factory: metrics)
                try await follow(generation, gauges, ifStill: ifStill)
            }, logger: logger, patience: patience * 5)
    }

    /// - Parameter mayWork: it may have been retired between our look and the lease.
    private func follow(
        _ generation: Generation, _ gauges: FollowerGauges, staysAtHead: Bool = true, ifStill mayWork: () async throws -> Bool
    ) async throws {
        let run = FollowerRun(
            follower: generation.follower, handler: { try await projection.form.writer(generation, $0) }, database: database,
            reader: LogReader(store: database.store, pace: pace, sources: projection.sources, shared: database.sharedPages),
            staysAtHead: staysAtHead, searchPath: generation.searchPath(database), gauges: gauges, span: span, logger: logger,
            patience: patience)
        try await run.run(ifStill: mayWork)
    }

    /// Builds a generation of this version of the code, where it is to. Returns whether it did.
    private func overtake(_ live: Generation) async throws -> Bool {
        guard case .rebuilds(let keeping) = changed, try await generations.isOvertaken(live, by: projection.version) else { return false }
        logger.notice(
            "older code built the live generation: building the next one",
            metadata: [
                "generation": "\(live.number)", "built by version": "\(live.codeVersion)", "this is version": "\(projection.version)",
            ])
        do {
            var rebuild = Rebuild(projection, in: database, keeping: keeping)
            rebuild.replaced = live
            _ = try await rebuild.run()
        } catch let refused as OperationRefused {
            // Another process does.
            logger.info("not building the next generation", metadata: ["reason": "\(refused)"])
            return false
        } catch let failed as RebuildFailed {
            // From event zero again, and most likely with the same end: not at once.
            logger.critical("the next generation could not be built", metadata: ["reason": "\(failed)"])
            await database.announcements.wait(
                for: .switchOver(projection.name), at: database.announcements.mark(of: .switchOver(projection.name)) + 1,
                atMost: .seconds(60))
        }
        return true
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

extension Projector {
    /// What a projector does where older code than its own built the live generation.
    public enum WhenChanged: Sendable, Hashable {
        /// It waits until one of its own version is live: somebody rebuilds.
        case waits
        /// It builds the next generation and switches, while projectors of the older code go on with the live one. Each version does that
        /// once: code that was rolled back from waits.
        case rebuilds(keeping: Keeping)
    }
}
