import CoreMetrics
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import LeftfoldHTTP

@Suite struct MonitoringTests {
    @Test func healthNeedsNoToken() async throws {
        let service = try await Service(checks: [ReadinessCheck("database", healthy: true)])
        let live = try await service.send(.get, "/health/live", headers: [.authorization: ""])
        let ready = try await service.send(.get, "/health/ready", headers: [.authorization: ""])
        #expect(live.status == .ok)
        #expect(ready.status == .ok)
        #expect(try ready.decoded() == Readiness([ReadinessCheck("database", healthy: true)]))
    }

    @Test func oneUnhealthyCheckMeansNotReady() async throws {
        let checks = [ReadinessCheck("database", healthy: true), ReadinessCheck("projector", healthy: false, detail: "stopped at 7")]
        let response = try await Service(checks: checks).send(.get, "/health/ready")
        #expect(response.status == .serviceUnavailable)
        #expect(try response.decoded() == Readiness(checks))
    }

    @Test func metricsAreServedAsText() async throws {
        let service = try await Service()
        service.metrics.makeCounter(label: "visits", dimensions: []).increment(by: 3)
        let response = try await service.send(.get, "/metrics", headers: [.authorization: ""])
        #expect(response.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(response.text.contains("# TYPE visits_total counter\nvisits_total 3\n"))
    }

    @Test func theTextFormat() {
        let metrics = PrometheusMetrics()
        metrics.makeCounter(label: "http.requests", dimensions: [("path", "a\"b\\c\nd"), ("method", "GET")]).increment(by: 2)
        metrics.makeCounter(label: "http.requests", dimensions: [("method", "GET"), ("path", "a\"b\\c\nd")]).increment(by: 1)
        metrics.makeFloatingPointCounter(label: "bytes_total", dimensions: []).increment(by: 1.5)
        let meter = metrics.makeMeter(label: "lag", dimensions: [])
        meter.set(Int64(5))
        meter.decrement(by: 0.5)
        metrics.makeRecorder(label: "depth", dimensions: [], aggregate: false).record(Int64(7))
        let timer = metrics.makeTimer(label: "work", dimensions: [("a", "b")])
        timer.recordNanoseconds(500_000)
        timer.recordNanoseconds(2_000_000)
        timer.recordNanoseconds(60_000_000_000)
        #expect(
            metrics.text == """
                # TYPE bytes_total counter
                bytes_total 1.5
                # TYPE depth gauge
                depth 7
                # TYPE http_requests_total counter
                http_requests_total{method="GET",path="a\\"b\\\\c\\nd"} 3
                # TYPE lag gauge
                lag 4.5
                # TYPE work_seconds histogram
                work_seconds_bucket{a="b",le="0.0005"} 1
                work_seconds_bucket{a="b",le="0.001"} 1
                work_seconds_bucket{a="b",le="0.0025"} 2
                work_seconds_bucket{a="b",le="0.005"} 2
                work_seconds_bucket{a="b",le="0.01"} 2
                work_seconds_bucket{a="b",le="0.025"} 2
                work_seconds_bucket{a="b",le="0.05"} 2
                work_seconds_bucket{a="b",le="0.1"} 2
                work_seconds_bucket{a="b",le="0.25"} 2
                work_seconds_bucket{a="b",le="0.5"} 2
                work_seconds_bucket{a="b",le="1"} 2
                work_seconds_bucket{a="b",le="2.5"} 2
                work_seconds_bucket{a="b",le="5"} 2
                work_seconds_bucket{a="b",le="10"} 2
                work_seconds_bucket{a="b",le="+Inf"} 3
                work_seconds_sum{a="b"} 60.0025
                work_seconds_count{a="b"} 3
                # TYPE leftfold_metrics_dropped_series_total counter
                leftfold_metrics_dropped_series_total 0

                """)
    }

    @Test func tooManySeriesAreDroppedAndCounted() {
        let metrics = PrometheusMetrics(seriesLimit: 2)
        for user in 1...5 { metrics.makeCounter(label: "logins", dimensions: [("user", "\(user)")]).increment(by: 1) }
        #expect(metrics.text.components(separatedBy: "logins_total{").count == 3)
        #expect(metrics.text.hasSuffix("leftfold_metrics_dropped_series_total 3\n"))
    }

    @Test func aDestroyedSeriesIsGone() {
        let metrics = PrometheusMetrics()
        metrics.destroyCounter(metrics.makeCounter(label: "visits", dimensions: []))
        #expect(!metrics.text.contains("visits"))
    }

    @Test func countingIsSafeFromManyTasks() async {
        let metrics = PrometheusMetrics()
        await withTaskGroup { group in
            for _ in 1...8 {
                group.addTask {
                    for _ in 1...1000 {
                        metrics.makeCounter(label: "visits", dimensions: []).increment(by: 1)
                        metrics.makeTimer(label: "work", dimensions: []).recordNanoseconds(1)
                    }
                }
            }
        }
        #expect(metrics.text.contains("visits_total 8000\n"))
        #expect(metrics.text.contains("work_seconds_count 8000\n"))
    }
}
