import Foundation

/// Turns an aggregate's events into stored type and data, and back.
///
/// Swift encodes an enum case as `{"Name": {fields}}`. The one key is the stored type, the inner object the stored data.
package enum EventCodec {
    package static func encode<E: Event>(_ event: E) throws -> NewEvent {
        let wrapped = try JSONCoding.encoder.encode(event)
        let quote = UInt8(ascii: "\"")
        guard wrapped.first == UInt8(ascii: "{"), wrapped.last == UInt8(ascii: "}"), wrapped.count > 4,
            let nameEnd = wrapped[2...].firstIndex(of: quote), wrapped.index(after: nameEnd) < wrapped.endIndex
        else { throw Problem.notAnEnum(String(describing: E.self)) }
        let type = EventType(String(decoding: wrapped[2..<nameEnd], as: UTF8.self))
        return NewEvent(
            type: type, version: E.versions[type] ?? 1, data: [UInt8](wrapped[(nameEnd + 2)..<(wrapped.count - 1)]), tags: event.tags)
    }

    static func decode<E: Event>(_ type: E.Type, from event: NewEvent) throws -> E {
        guard E.CodingKeys(stringValue: event.type.rawValue) != nil else { throw Problem.unknownType(event.type) }
        let known = E.versions[event.type] ?? 1
        guard event.version == known else { throw Problem.unknownVersion(event.type, event.version, known: known) }
        if let event = FlatDecoder.decode(E.self, type: event.type.rawValue, fields: event.data) { return event }
        return try foundationDecode(type, from: event)
    }

    /// What counts: whatever reads faster reads the same.
    static func foundationDecode<E: Event>(_ type: E.Type, from event: NewEvent) throws -> E {
        var wrapped: [UInt8] = []
        wrapped.reserveCapacity(event.data.count + event.type.rawValue.utf8.count + 5)
        wrapped.append(contentsOf: [UInt8(ascii: "{"), UInt8(ascii: "\"")])
        wrapped.append(contentsOf: event.type.rawValue.utf8)
        wrapped.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: ":")])
        wrapped.append(contentsOf: event.data)
        wrapped.append(UInt8(ascii: "}"))
        return try JSONCoding.decoder.decode(E.self, from: Data(wrapped))
    }

    enum Problem: Error, CustomStringConvertible {
        case notAnEnum(String)
        case unknownType(EventType)
        case unknownVersion(EventType, Int, known: Int)
        case upcastersGoRound

        var description: String {
            switch self {
            case .notAnEnum(let type): "\(type) does not encode as an enum case with labelled values"
            case .unknownType(let type): "the type \(type) is unknown; deploy a version that knows it"
            case .unknownVersion(let type, let version, let known):
                "the \(type) has the shape of version \(version), and this program reads version \(known); \(version > known ? "deploy a version that knows it" : "there is no upcaster for it")"
            case .upcastersGoRound: "the upcasters go round in a circle"
            }
        }
    }
}

/// A stored event cannot be read by this program.
public struct EventCodingError: Error, Sendable, CustomStringConvertible {
    public let type: EventType
    public let stream: StreamName
    public let position: GlobalPosition
    /// A sentence for operators. It may quote the event.
    public let reason: String

    package init(_ type: EventType, stream: StreamName, position: GlobalPosition, reason: any Error) {
        self.type = type
        self.stream = stream
        self.position = position
        self.reason = "\(reason)"
    }

    public var description: String { "the \(type) at position \(position) (\(stream)) cannot be read: \(reason)" }
}
