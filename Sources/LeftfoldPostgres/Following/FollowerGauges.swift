import Foundation
import Leftfold
import Metrics

/// What a follower tells the metrics, under `leftfold_<kind>_…`.
struct FollowerGauges: Sendable {
    private let position: Gauge
    private let lagEvents: Gauge
    private let lagSeconds: Gauge
    private let batch: Recorder

    init(kind: String, name: String, factory: any MetricsFactory) {
        let dimensions = [(kind, name)]
        position = Gauge(label: "leftfold_\(kind)_position", dimensions: dimensions, factory: factory)
        lagEvents = Gauge(label: "leftfold_\(kind)_lag_events", dimensions: dimensions, factory: factory)
        lagSeconds = Gauge(label: "leftfold_\(kind)_lag_seconds", dimensions: dimensions, factory: factory)
        batch = Recorder(label: "leftfold_\(kind)_batch_events", dimensions: dimensions, factory: factory)
    }

    /// - Parameters:
    ///   - events: how many one batch took in.
    ///   - event: the last of them, whose age is the lag in seconds; 0 at the head.
    ///   - reached: where the follower is, if not at that event.
    func report(_ events: Int, upTo event: RecordedEvent, head: GlobalPosition, position reached: GlobalPosition? = nil) {
        let reached = reached ?? event.position
        if events > 0 { batch.record(events) }
        position.record(reached.rawValue)
        lagEvents.record(max(0, head.rawValue - reached.rawValue))
        lagSeconds.record(reached >= head ? 0 : max(0, Date().timeIntervalSince(event.recordedAt)))
    }

    /// Nothing is left to do.
    func reportIdle(at reached: GlobalPosition) {
        position.record(reached.rawValue)
        lagEvents.record(0)
        lagSeconds.record(0)
    }
}
