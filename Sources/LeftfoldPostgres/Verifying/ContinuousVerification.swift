import Foundation
import Leftfold
import LeftfoldDriver
public import Logging
import Metrics
public import ServiceLifecycle

/// Verifies projections one after the other, each again when its last verification, by whomever, is older than it may be. In any number of processes:
/// while one verifies a projection, the others wait for what comes of it.
///
/// What was found is told to the log, and to the metrics under `leftfold_verification_…`, from every process that runs this.
public struct ContinuousVerification: Service {
    private let projections: [any PostgresProjection]
    private let database: LeftfoldDatabase
    private let interval: Duration
    private let eventsPerSecond: Int?
    private let pause: Duration
    private let factory: any MetricsFactory
    private let logger: Logger

    /// - Parameters:
    ///   - projections: those of the service.
    ///   - database: the log that they follow, and where their tables are.
    ///   - interval: between two verifications of one projection.
    ///   - eventsPerSecond: replayed at most; nil: as fast as it goes.
    ///   - logger: is told what was found.
    public init(
        _ projections: [any PostgresProjection], in database: LeftfoldDatabase, every interval: Duration, eventsPerSecond: Int? = nil,
        logger: Logger
    ) {
        self.init(
            projections, in: database, every: interval, eventsPerSecond: eventsPerSecond, pause: min(interval, .seconds(5)),
            factory: MetricsSystem.factory, logger: logger)
    }

    /// - Parameter pause: between two looks at whether it is time.
    init(
        _ projections: [any PostgresProjection], in database: LeftfoldDatabase, every interval: Duration, eventsPerSecond: Int? = nil,
        pause: Duration, factory: any MetricsFactory, logger: Logger
    ) {
        (self.projections, self.database, self.interval, self.eventsPerSecond) = (projections, database, interval, eventsPerSecond)
        (self.pause, self.factory, self.logger) = (pause, factory, logger)
    }

    public func run() async {
        await cancelWhenGracefulShutdown {
            let gauges = projections.map { VerificationGauges($0.name, factory) }
            // One that fails is not tried again at once.
            var attempts: [ProjectionName: ContinuousClock.Instant] = [:]
            while !Task.isCancelled {
                for (projection, gauges) in zip(projections, gauges) where !Task.isCancelled {
                    let mayTry = attempts[projection.name].map { $0 + interval < .now } ?? true
                    do {
                        if mayTry, try await isDue(projection.name) {
                            attempts[projection.name] = .now
                            tell(try await Verification(projection, in: database, eventsPerSecond: eventsPerSecond).run())
                            attempts[projection.name] = nil
                        }
                        gauges.report(try await last(of: projection.name))
                    } catch {
                        if Task.isCancelled { return }
                        logger.warning("not verified", metadata: ["projection": "\(projection.name)", "reason": "\(error)"])
                    }
                }
                try? await Task.sleep(for: pause)
            }
        }
    }

    /// Not while somebody is at it.
    private func isDue(_ projection: ProjectionName) async throws -> Bool {
        try await database.pool.execute(
            """
            SELECT NOT EXISTS (
                    SELECT FROM \(database.log).verifications WHERE projection = \(projection)
                        AND verified_at > clock_timestamp() - make_interval(secs => \(interval.seconds)))
                AND NOT EXISTS (
                    SELECT FROM \(database.log).scratches
                    WHERE projection = \(projection) AND purpose = 'verify' AND kept_until > clock_timestamp())
            """
        ).first?.decode(Bool.self) ?? false
    }

    private func last(of projection: ProjectionName) async throws -> VerificationGauges.Record? {
        try await database.pool.execute(
            "SELECT position, differing, extract(epoch FROM verified_at)::float8 FROM \(database.log).verifications WHERE projection = \(projection)"
        ).first.map { row in
            let (position, differing, time) = try row.decode(GlobalPosition.self, Int64.self, Double.self)
            return VerificationGauges.Record(position: position, differing: differing, time: time)
        }
    }

    private func tell(_ report: Verification.Report) {
        guard !report.matches else {
            return logger.info("verified", metadata: ["projection": "\(report.projection)", "position": "\(report.position)"])
        }
        let first = report.differences.first
        logger.error(
            "the read tables differ from the log; look with projections verify, and rebuild",
            metadata: [
                "projection": "\(report.projection)", "position": "\(report.position)", "differing": "\(report.differing)",
                "table": "\(first?.table ?? "")", "key": "\(first.map { $0.key.map(\.description).joined(separator: " ") } ?? "")",
                "events": "\(first.map { $0.events.map { "\($0.position)" }.joined(separator: " ") } ?? "")",
            ])
    }
}

/// What the last verification of a projection says to the metrics.
private struct VerificationGauges {
    struct Record {
        let position: GlobalPosition
        let differing: Int64
        /// Seconds since 1970.
        let time: Double
    }

    private let position: Gauge
    private let time: Gauge
    private let differing: Gauge

    init(_ projection: ProjectionName, _ factory: any MetricsFactory) {
        func gauge(_ name: String) -> Gauge {
            Gauge(label: "leftfold_verification_\(name)", dimensions: [("projection", projection.rawValue)], factory: factory)
        }
        (position, time, differing) = (gauge("position"), gauge("timestamp_seconds"), gauge("differing_rows"))
    }

    func report(_ record: Record?) {
        guard let record else { return }
        position.record(record.position.rawValue)
        time.record(record.time)
        differing.record(record.differing)
    }
}
