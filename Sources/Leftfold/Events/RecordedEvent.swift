public import Foundation

/// An event as the log holds it. Position, stream and version never change, and neither do the bytes of `data`.
public struct RecordedEvent: Sendable, Equatable {
    public var position: GlobalPosition
    public var stream: StreamName
    public var version: StreamVersion
    public var type: EventType
    /// A JSON object, byte for byte as it was appended. ``RecordedEvent/decode(as:)`` opens it.
    public var data: [UInt8]
    public var tags: Set<Tag>
    /// The conversation: the same for everything that followed from one request.
    public var correlationID: String
    /// The command that caused it.
    public var commandID: UUID
    /// Who asked.
    public var principal: String
    /// Nil where there is no more to say.
    public var metadata: EventMetadata?
    /// The server's clock. It informs; it orders nothing.
    public var recordedAt: Date

    public init(
        position: GlobalPosition, stream: StreamName, version: StreamVersion, type: EventType, data: [UInt8], tags: Set<Tag> = [],
        correlationID: String, commandID: UUID, principal: String, metadata: EventMetadata? = nil, recordedAt: Date
    ) {
        self.position = position
        self.stream = stream
        self.version = version
        self.type = type
        self.data = data
        self.tags = tags
        self.correlationID = correlationID
        self.commandID = commandID
        self.principal = principal
        self.metadata = metadata
        self.recordedAt = recordedAt
    }
}
