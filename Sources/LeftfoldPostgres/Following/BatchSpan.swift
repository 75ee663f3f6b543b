import Leftfold
import Tracing

/// The span around a batch. It goes on the trace in which the events were decided; where they come from several, a batch belongs
/// to all of them, and is linked to each.
struct BatchSpan: Sendable {
    let name: String
    let tracer: any Tracer

    /// A span has no more links than this; the batch of a catch-up can be from thousands of traces.
    private static let maximumLinks = 64

    init(_ name: String, tracer: any Tracer = InstrumentationSystem.tracer) {
        self.name = name
        self.tracer = tracer
    }

    func around(_ page: ArraySlice<RecordedEvent>, _ body: () async throws -> Void) async throws {
        var traces: [String: RecordedEvent] = [:]
        for event in page where traces.count < Self.maximumLinks {
            if let traceparent = event.metadata?.traceparent { traces[traceparent] = traces[traceparent] ?? event }
        }
        let contexts = traces.values.sorted { $0.position < $1.position }.map { Traceparent.context(of: $0, using: tracer) }
        let parent = contexts.count == 1 ? contexts[0] : ServiceContext.topLevel
        try await tracer.withAnySpan(name, context: parent, ofKind: .consumer) { span in
            if span.isRecording {
                span.attributes["leftfold.first_position"] = page.first?.position.rawValue
                span.attributes["leftfold.position"] = page.last?.position.rawValue
                span.attributes["leftfold.events"] = page.count
                if contexts.count > 1 { for context in contexts { span.addLink(SpanLink(context: context, attributes: [:])) } }
            }
            try await body()
        }
    }
}
