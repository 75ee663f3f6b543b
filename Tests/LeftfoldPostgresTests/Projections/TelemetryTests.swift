import Foundation
import InMemoryTracing
import Leftfold
import LeftfoldPostgresTesting
import LeftfoldTesting
import MetricsTestKit
import Synchronization
import Testing
import Tracing

@testable import LeftfoldPostgres

/// What a projector tells metrics and tracing.
@Suite struct TelemetryTests {
    @Test("Position, lag in events and seconds, and batch sizes are measured")
    func metrics() async throws {
        try await TestDatabase.with { database in
            let metrics = TestMetrics()
            func gauge(_ name: String) throws -> Double? {
                try metrics.expectRecorder("leftfold_projection_\(name)", [("projection", "choosy")]).lastValue
            }
            let choosy = Choosy()
            try await database.note(7)
            let projector = Projector(
                choosy, in: database, batchSize: 5, patience: .milliseconds(20), metrics: metrics, logger: TestDatabase.quiet)
            let running = Task { try await projector.run() }
            // It stands at the first event and falls behind, which must be seen.
            try await eventually("it is measured while it stands") { try gauge("lag_seconds") ?? 0 > 0.1 }
            #expect(try gauge("lag_events") == 7)
            #expect(try gauge("position") == 0)
            choosy.mended.withLock { $0 = true }
            #expect(try await database.retry(Choosy.name))
            try await eventually("at the head") { try gauge("position") == 7 && gauge("lag_events") == 0 && gauge("lag_seconds") == 0 }
            #expect(try metrics.expectRecorder("leftfold_projection_batch_events", [("projection", "choosy")]).values == [5, 2])
            running.cancel()
            _ = await running.result
        }
    }

    @Test("A batch goes on the trace of its events; one from several traces is linked to each")
    func tracing() async throws {
        try await TestDatabase.with { database in
            let tracer = W3CTracer()
            func append(_ trace: String, _ count: Int) async throws {
                let write = StreamWrite(
                    try Note.stream(), expected: .any, events: (0..<count).map { _ in NewEvent(type: "Noted", data: Array("{}".utf8)) })
                _ = try await database.store.append(
                    Append(Note.command(trace + UUID().uuidString), write, traceparent: W3CTracer.header(trace)))
            }
            let projector = Projector(Ledger(), in: database, patience: .seconds(1), tracer: tracer, logger: TestDatabase.quiet)
            try await append("a", 2)
            let running = Task { try await projector.run() }
            try await eventually("one trace") { try await database.status(Ledger.name)?.position == 2 }
            running.cancel()
            _ = await running.result
            try await append("b", 1)
            try await append("c", 1)
            try await database.note(1)
            let again = Task { try await projector.run() }
            try await eventually("several traces") { try await database.status(Ledger.name)?.position == 5 }
            again.cancel()
            _ = await again.result

            let spans = tracer.base.finishedSpans.filter { $0.operationName == "project ledger" }
            #expect(spans.map(\.traceID).first == W3CTracer.id("a"))
            #expect(
                spans.map { $0.links.map { $0.context.inMemorySpanContext?.traceID } } == [[], [W3CTracer.id("b"), W3CTracer.id("c")]])
            #expect(spans.map { $0.attributes.get("leftfold.events") } == [.int64(2), .int64(3)])
            #expect(spans.map { $0.attributes.get("leftfold.position") } == [.int64(2), .int64(5)])
        }
    }
}

/// Reads W3C headers into the in-memory tracer's context.
private struct W3CTracer: Tracer {
    let base = InMemoryTracer()

    static func id(_ letter: String) -> String { String(repeating: letter, count: 32) }
    static func header(_ letter: String) -> String { "00-\(id(letter))-\(String(repeating: letter, count: 16))-01" }

    func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind, at instant: @autoclosure () -> Instant,
        function: String, file fileID: String, line: UInt
    ) -> InMemorySpan {
        base.startSpan(operationName, context: context(), ofKind: kind, at: instant(), function: function, file: fileID, line: line)
    }

    func inject<Carrier, Inject: Injector>(_ context: ServiceContext, into carrier: inout Carrier, using injector: Inject)
    where Inject.Carrier == Carrier {}

    func extract<Carrier, Extract: Extractor>(_ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract)
    where Extract.Carrier == Carrier {
        guard let parts = extractor.extract(key: "traceparent", from: carrier)?.split(separator: "-"), parts.count == 4 else { return }
        context.inMemorySpanContext = InMemorySpanContext(traceID: String(parts[1]), spanID: String(parts[2]), parentSpanID: nil)
    }

    func forceFlush() {}
}
