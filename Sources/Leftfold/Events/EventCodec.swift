import Foundation

/// Turns an aggregate's events into stored type and data, and back.
///
/// Swift encodes an enum case as `{"Name": {fields}}`. The one key is the stored type, the inner object the stored data.
public enum EventCodec {
    public static func encode(_ event: some Event) throws -> NewEvent {
        let wrapped = try JSONCoding.encoder.encode(event)
        let quote = UInt8(ascii: "\"")
        guard wrapped.first == UInt8(ascii: "{"), wrapped.last == UInt8(ascii: "}"), wrapped.count > 4,
            let nameEnd = wrapped[2...].firstIndex(of: quote), wrapped.index(after: nameEnd) < wrapped.endIndex
        else { throw EventCodingError.notAnEnum(String(describing: type(of: event))) }
        return NewEvent(
            type: EventType(String(decoding: wrapped[2..<nameEnd], as: UTF8.self)),
            data: [UInt8](wrapped[(nameEnd + 2)..<(wrapped.count - 1)]))
    }

    /// Throws ``EventCodingError/unknownType(_:stream:position:)`` for a type the enum does not know: guessing at
    /// history would corrupt what is decided on it.
    public static func decode<E: Event>(_ type: E.Type, from event: RecordedEvent) throws -> E {
        guard E.CodingKeys(stringValue: event.type.name) != nil else {
            throw EventCodingError.unknownType(event.type, stream: event.stream, position: event.position)
        }
        var wrapped = Data(capacity: event.data.count + event.type.name.utf8.count + 5)
        wrapped.append(contentsOf: "{\"".utf8)
        wrapped.append(contentsOf: event.type.name.utf8)
        wrapped.append(contentsOf: "\":".utf8)
        wrapped.append(contentsOf: event.data)
        wrapped.append(UInt8(ascii: "}"))
        do {
            return try JSONCoding.decoder.decode(E.self, from: wrapped)
        } catch {
            throw EventCodingError.undecodable(event.type, stream: event.stream, position: event.position, reason: "\(error)")
        }
    }
}

/// A stored event cannot be read, or an event cannot be stored.
public enum EventCodingError: Error, Sendable, CustomStringConvertible {
    case notAnEnum(String)
    case unknownType(EventType, stream: StreamName, position: GlobalPosition)
    case undecodable(EventType, stream: StreamName, position: GlobalPosition, reason: String)

    public var description: String {
        switch self {
        case .notAnEnum(let type): "\(type) does not encode as an enum case with labelled values"
        case .unknownType(let type, let stream, let position):
            "the event at position \(position) (\(stream)) has the unknown type \(type); deploy a version that knows it"
        case .undecodable(let type, let stream, let position, let reason):
            "the \(type) at position \(position) (\(stream)) cannot be decoded: \(reason)"
        }
    }
}
