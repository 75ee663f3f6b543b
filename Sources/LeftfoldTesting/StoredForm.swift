import Foundation
public import Leftfold

/// An event as the log keeps it, on one line: `UserRenamed {"name":"Ada"}`; `UserRenamed@2 {"name":"Ada"}` where the
/// version of its shape is not 1.
///
/// History is read for ever. Pin each event's stored form in a test, and never change an expectation: add a new one, an
/// `Upcaster` and a test with ``event(_:storedAs:)``. Throws where the event does not encode as the case of an enum.
public func storedForm(of event: some Event) throws -> String {
    let stored = try EventCodec.encode(event)
    let version = stored.version == 1 ? "" : "@\(stored.version)"
    return "\(stored.type)\(version) \(String(decoding: stored.data, as: UTF8.self))"
}

/// The events that the aggregate reads in a stored form, old or new, as every reader of the log does: one, several or none.
/// Throws `EventCodingError` where it cannot read it.
public func event<A: Aggregate>(_ type: A.Type, storedAs line: String) throws -> [A.Event] {
    let parts = line.split(separator: " ", maxSplits: 1)
    let shape = (parts.first ?? "").split(separator: "@", maxSplits: 1)
    let version = shape.count == 2 ? Int(shape[1]) : 1
    let stored = EventType(String((version == nil ? parts : shape).first ?? ""))
    return try RecordedEvent(
        position: 1, stream: StreamID<A>(UUID()).name, version: 1, type: stored, data: Array((parts.dropFirst().first ?? "").utf8),
        correlationID: "", commandID: UUID(), principal: "", metadata: EventMetadata(version: version ?? 1, traceparent: nil),
        recordedAt: Date()
    ).decode(as: type)
}
