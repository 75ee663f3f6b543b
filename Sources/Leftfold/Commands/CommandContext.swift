public import Foundation

/// Everything around a command that is not the command: who, which conversation, which expectations.
public struct CommandContext: Sendable {
    /// One id, one effect, one answer (I10). Choose it before the first try and keep it for all retries; a UUID of version 7
    /// unless given.
    public var commandID: UUID
    public var principal: Principal
    /// The conversation that this is part of; the command id where none is given.
    public var correlationID: String
    /// What caused this command, if something in the system did.
    public var causationID: String?
    /// The version the client decided on (`If-Match`). It is checked once and never retried.
    public var expectedVersion: StreamVersion?
    public var receivedAt: Date

    public init(
        commandID: UUID = .ordered(), principal: Principal, correlationID: String? = nil, causationID: String? = nil,
        expectedVersion: StreamVersion? = nil, receivedAt: Date = Date()
    ) {
        self.commandID = commandID
        self.principal = principal
        self.correlationID = correlationID ?? commandID.text
        self.causationID = causationID
        self.expectedVersion = expectedVersion
        self.receivedAt = receivedAt
    }
}
