import Foundation

/// What an event carries beside its data and its columns, as a JSON object. Most events have none.
///
/// Leftfold puts the version of the shape there where it is not 1, and the W3C trace context where there is a trace.
/// A foreign writer may have put more; the bytes stay.
public struct EventMetadata: Sendable, Equatable {
    public let json: [UInt8]
    /// The version of the event's shape, 1 where it says nothing.
    public let version: Int
    /// The W3C header of the trace in which the event was decided.
    public let traceparent: String?

    /// What was stored. Throws where it is not a JSON object of which these fields can be read.
    public init(json: [UInt8]) throws {
        let fields = try JSONDecoder().decode(Fields.self, from: Data(json))
        self.json = json
        version = fields.version ?? 1
        traceparent = fields.traceparent
    }

    /// Nil where there is nothing to say.
    package init?(version: Int, traceparent: String?) throws {
        if version == 1, traceparent == nil { return nil }
        json = [UInt8](try JSONCoding.encoder.encode(Fields(version: version == 1 ? nil : version, traceparent: traceparent)))
        self.version = version
        self.traceparent = traceparent
    }

    private struct Fields: Codable {
        var version: Int?
        var traceparent: String?
    }
}
