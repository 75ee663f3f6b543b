import Foundation
import Instrumentation
import Leftfold
import Testing
import Tracing

/// Writes the W3C header as real tracers do.
private struct HeaderTracer: Instrument {
    enum Key: ServiceContextKey { typealias Value = String }

    func inject<Carrier, Inject: Injector>(_ context: ServiceContext, into carrier: inout Carrier, using injector: Inject)
    where Inject.Carrier == Carrier {
        guard let value = context[Key.self] else { return }
        injector.inject(value, forKey: "traceparent", into: &carrier)
        injector.inject("vendor=1", forKey: "tracestate", into: &carrier)
    }

    func extract<Carrier, Extract: Extractor>(_ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract)
    where Extract.Carrier == Carrier {
        context[Key.self] = extractor.extract(key: "traceparent", from: carrier)
    }
}

/// In a process of its own: a tracer is for a whole process.
@Suite("The trace in which a command is decided")
struct TraceTests {
    @Test("is kept with its events, on one stream, on several and on none, and goes on from there")
    func kept() async {
        await #expect(processExitsWith: .success) {
            InstrumentationSystem.bootstrap(HeaderTracer())
            let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let store = InMemoryEventStore()
            let bus = bank(on: store)
            var context = ServiceContext.topLevel
            context[HeaderTracer.Key.self] = header

            let (one, two) = (UUID(), UUID())
            try await ServiceContext.withValue(context) {
                _ = try await bus.send(OpenAccount(id: one, owner: "Ada"), .teller())
                _ = try await bus.send(Deposit(id: one, amount: 5), .teller())
                _ = try await bus.send(OpenAccount(id: two, owner: "Bob"), .teller())
                _ = try await bus.send(Transfer(from: one, to: two, amount: 5), .teller())
                _ = try await bus.send(Deposit(id: one, amount: 0), .teller())
            }
            let traced = try await store.read(after: .zero, limit: 10)
            #expect(traced.count == 5)
            for event in traced {
                #expect(event.metadata?.traceparent == header)
                #expect(event.metadata.map { String(decoding: $0.json, as: UTF8.self) } == #"{"traceparent":"\#(header)"}"#)
                #expect(Traceparent.context(of: event)[HeaderTracer.Key.self] == header)
            }

            _ = try await bus.send(Deposit(id: one, amount: 5), .teller())
            let untraced = try #require(try await store.read(after: 5, limit: 10).first)
            #expect(untraced.metadata == nil)
            #expect(Traceparent.context(of: untraced)[HeaderTracer.Key.self] == nil)
        }
    }
}
