import Foundation
public import Leftfold

/// An event as the log keeps it, on one line: `UserRenamed {"name":"Ada"}`.
///
/// History is read for ever. Pin each event's stored form in a test, and never change an expectation: add a new one, an
/// `Upcaster` and a test with ``event(_:storedAs:)``.
public func storedForm(of event: some Event) throws -> String {
    let stored = try EventCodec.encode(event)
    return "\(stored.type) \(String(decoding: stored.data, as: UTF8.self))"
}

/// The event that the aggregate reads from a stored form, old or new, through its upcasters.
public func event<A: Aggregate>(_ type: A.Type, storedAs line: String) throws -> A.Event {
    let parts = line.split(separator: " ", maxSplits: 1)
    let stored = RecordedEvent(
        position: 1, stream: StreamID<A>(UUID()).name, version: 1, type: EventType(String(parts.first ?? "")),
        data: Array((parts.dropFirst().first ?? "").utf8), metadata: EventMetadata(json: Array("{}".utf8)),
        commandID: UUID(), recordedAt: Date())
    return try EventCodec.decode(A.Event.self, from: A.upcasters.upcast(stored))
}
