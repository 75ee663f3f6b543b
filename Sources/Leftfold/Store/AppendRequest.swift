public import Foundation

/// One command's write: its events and claims, or the refusal to put on record. Either way its journal row.
public struct AppendRequest: Sendable {
    public var commandID: UUID
    /// What the command id stands for. The store keeps its SHA-256, never the bytes.
    public var content: [UInt8]
    public var commandName: String
    public var principal: String
    public var tenant: String?
    public var correlationID: String
    public var causationID: String?
    public var receivedAt: Date
    /// Nil where the command was refused before its stream was known.
    public var stream: StreamName?
    public var write: Write

    public enum Write: Sendable {
        case events([NewEvent], metadata: EventMetadata, expected: ExpectedVersion, claims: ClaimChanges)
        case refusal(Outcome, code: String)
    }

    public init(
        commandID: UUID, content: [UInt8], commandName: String, principal: String, tenant: String? = nil,
        correlationID: String, causationID: String? = nil, receivedAt: Date, stream: StreamName?, write: Write
    ) {
        self.commandID = commandID
        self.content = content
        self.commandName = commandName
        self.principal = principal
        self.tenant = tenant
        self.correlationID = correlationID
        self.causationID = causationID
        self.receivedAt = receivedAt
        self.stream = stream
        self.write = write
    }

    public init(_ context: CommandContext, commandName: String, stream: StreamName?, write: Write) {
        self.init(
            commandID: context.commandID, content: context.content, commandName: commandName,
            principal: context.principal.subject, tenant: context.principal.tenant, correlationID: context.correlationID,
            causationID: context.causationID, receivedAt: context.receivedAt, stream: stream, write: write)
    }

    /// About how many bytes it sends.
    package var size: Int {
        guard case .events(let events, let metadata, _, _) = write else { return content.count }
        return events.reduce(content.count + metadata.json.count) { $0 + $1.data.count }
    }
}
