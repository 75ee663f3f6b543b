import Leftfold
public import Logging
import Metrics
public import ServiceLifecycle

/// Tells the metrics how every projection of the log is doing, from whatever process, also while nobody works on it: whether it is paused, whether an
/// event has stopped it, what it leaves out, under `leftfold_projection_…`. Looks every few seconds.
public struct ProjectionGauges: Service {
    private let database: LeftfoldDatabase
    private let factory: any MetricsFactory
    private let interval: Duration
    private let logger: Logger

    public init(_ database: LeftfoldDatabase, logger: Logger) {
        self.init(database, factory: MetricsSystem.factory, interval: .seconds(5), logger: logger)
    }

    init(_ database: LeftfoldDatabase, factory: any MetricsFactory, interval: Duration, logger: Logger) {
        (self.database, self.factory, self.interval, self.logger) = (database, factory, interval, logger)
    }

    /// Looks until it is stopped. What it cannot see stays as it was last seen.
    public func run() async {
        await cancelWhenGracefulShutdown {
            var known: [String: Gauges] = [:]
            while !Task.isCancelled {
                do {
                    report(try await database.projectionStatuses().filter { $0.state == "live" }, &known)
                } catch {
                    logger.debug("the projections cannot be looked at", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: interval)
            }
        }
    }

    private func report(_ statuses: [ProjectionStatus], _ known: inout [String: Gauges]) {
        for status in statuses {
            let gauges = known[status.projection] ?? Gauges(status.projection, factory)
            known[status.projection] = gauges
            gauges.report(status)
        }
        for (name, gauges) in known where !statuses.contains(where: { $0.projection == name }) {
            gauges.destroy()
            known[name] = nil
        }
    }

    private struct Gauges {
        let paused: Gauge
        let stopped: Gauge
        let skippedEvents: Gauge
        let parkedStreams: Gauge

        init(_ projection: String, _ factory: any MetricsFactory) {
            func gauge(_ name: String) -> Gauge {
                Gauge(label: "leftfold_projection_\(name)", dimensions: [("projection", projection)], factory: factory)
            }
            paused = gauge("paused")
            stopped = gauge("stopped")
            skippedEvents = gauge("skipped_events")
            parkedStreams = gauge("parked_streams")
        }

        func report(_ status: ProjectionStatus) {
            paused.record(status.pausedAt == nil ? 0 : 1)
            stopped.record(status.failedPosition == nil ? 0 : 1)
            skippedEvents.record(status.skippedEvents)
            parkedStreams.record(status.parkedStreams)
        }

        func destroy() { for gauge in [paused, stopped, skippedEvents, parkedStreams] { gauge.destroy() } }
    }
}
