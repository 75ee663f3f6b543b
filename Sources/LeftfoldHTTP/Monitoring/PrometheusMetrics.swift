public import CoreMetrics
import Synchronization

/// A backend for swift-metrics that is read by Prometheus: text format 0.0.4.
///
/// Counters become `…_total`, meters and recorders gauges, timers and aggregating recorders histograms; timers count in
/// seconds and are named `…_seconds`. Pass it to `MetricsSystem.bootstrap` once, at the start.
public final class PrometheusMetrics: MetricsFactory {
    /// More series of one name than this are dropped, and counted in `leftfold_metrics_dropped_series_total`: labels must not come from strangers.
    public let seriesLimit: Int
    private let registry = Mutex(Registry())

    private struct Registry {
        var families: [String: Family] = [:]
        var dropped = 0
    }

    private struct Family {
        let kind: MetricKind
        var series: [Labels: any Series] = [:]
    }

    public init(seriesLimit: Int = 1000) { self.seriesLimit = seriesLimit }

    /// Everything measured so far.
    public var text: String {
        let (families, dropped) = registry.withLock { ($0.families, $0.dropped) }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, series) in family.series.sorted(by: { $0.key.text < $1.key.text }) { series.write(to: &text, name, labels) }
        }
        text += "# TYPE leftfold_metrics_dropped_series_total counter\nleftfold_metrics_dropped_series_total \(dropped)\n"
        return text
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(MetricName.of(label, suffix: "_total"), .counter, dimensions) { CountedInteger() }
    }

    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        series(MetricName.of(label, suffix: "_total"), .counter, dimensions) { CountedNumber() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(MetricName.of(label), .gauge, dimensions) { Gauge() }
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        if aggregate { return series(MetricName.of(label), .histogram, dimensions) { Histogram(bounds: Histogram.sizes) } }
        return series(MetricName.of(label), .gauge, dimensions) { Gauge() }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(MetricName.of(label, suffix: "_seconds"), .histogram, dimensions) { Histogram(bounds: Histogram.latencies) }
    }

    public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    /// The series of this name and these labels, made if need be. One that may not be kept still works; nobody reads it.
    private func series<S: Series>(_ name: String, _ kind: MetricKind, _ dimensions: [(String, String)], _ make: () -> S) -> S {
        let labels = Labels(dimensions)
        return registry.withLock { registry in
            var family = registry.families[name] ?? Family(kind: kind)
            if let known = family.series[labels] as? S { return known }
            let series = make()
            guard family.kind == kind, family.series[labels] == nil, family.series.count < seriesLimit else {
                registry.dropped += 1
                return series
            }
            family.series[labels] = series
            registry.families[name] = family
            return series
        }
    }

    private func remove(_ handler: AnyObject) {
        registry.withLock { registry in
            for (name, family) in registry.families {
                guard let labels = family.series.first(where: { $0.value === handler })?.key else { continue }
                registry.families[name]?.series[labels] = nil
                if family.series.count == 1 { registry.families[name] = nil }
            }
        }
    }
}

enum MetricKind: String, Sendable {
    case counter, gauge, histogram
}
