public import Foundation

/// An event as the log holds it. Position, stream and version never change, and neither do the bytes of `data`.
public struct RecordedEvent: Sendable, Equatable {
    public var position: GlobalPosition
    public var stream: StreamName
    public var version: StreamVersion
    public var type: EventType
    /// A JSON object, byte for byte as it was appended.
    public var data: [UInt8]
    public var metadata: EventMetadata
    /// The command that caused it.
    public var commandID: UUID
    /// The server's clock. It informs; it orders nothing.
    public var recordedAt: Date

    public init(
        position: GlobalPosition, stream: StreamName, version: StreamVersion, type: EventType, data: [UInt8],
        metadata: EventMetadata, commandID: UUID, recordedAt: Date
    ) {
        self.position = position
        self.stream = stream
        self.version = version
        self.type = type
        self.data = data
        self.metadata = metadata
        self.commandID = commandID
        self.recordedAt = recordedAt
    }
}
