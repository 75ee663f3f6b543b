import Instrumentation
package import Tracing

/// The trace that something happens in, as the W3C header that is stored with the events.
package enum Traceparent {
    static let field = "traceparent"

    /// Nil without a trace, or with a tracer that does not write this header.
    static var current: String? {
        guard let context = ServiceContext.current else { return nil }
        var carrier = Carrier()
        InstrumentationSystem.instrument.inject(context, into: &carrier, using: carrier)
        return carrier.value
    }

    /// The context of the trace that an event was decided in; empty where it has none.
    package static func context(
        of event: RecordedEvent, using instrument: any Instrument = InstrumentationSystem.instrument
    ) -> ServiceContext {
        var context = ServiceContext.topLevel
        guard let traceparent = event.metadata?.traceparent else { return context }
        let carrier = Carrier(value: traceparent)
        instrument.extract(carrier, into: &context, using: carrier)
        return context
    }

    private struct Carrier: Injector, Extractor {
        var value: String?

        func inject(_ value: String, forKey key: String, into carrier: inout Carrier) { if key == field { carrier.value = value } }
        func extract(key: String, from carrier: Carrier) -> String? { key == field ? carrier.value : nil }
    }
}
