import Foundation

/// The envelope of an event, stored as a JSON object beside its data. It is kept as bytes: most readers never look inside.
public struct EventMetadata: Sendable, Equatable {
    public var json: [UInt8]

    public init(json: [UInt8]) { self.json = json }

    public init(_ fields: Fields) {
        json = (try? [UInt8](JSONCoding.encoder.encode(fields))) ?? Array("{}".utf8)
    }

    public struct Fields: Codable, Sendable, Equatable {
        /// The conversation: the same for everything that followed from one request.
        public var correlationID: String
        /// The direct cause: the id of the command.
        public var causationID: String
        /// Who asked.
        public var principal: String

        public init(correlationID: String, causationID: String, principal: String) {
            self.correlationID = correlationID
            self.causationID = causationID
            self.principal = principal
        }

        enum CodingKeys: String, CodingKey {
            case correlationID = "correlation_id"
            case causationID = "causation_id"
            case principal
        }
    }

    /// Decodes the envelope. Throws when a foreign writer left something else there.
    public func fields() throws -> Fields { try JSONDecoder().decode(Fields.self, from: Data(json)) }
}
