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
    /// The versions of which the client decided on one (`If-Match`); nil: any. That is checked once and never retried.
    public var expectedVersions: [StreamVersion]?
    public var receivedAt: Date

    public init(
        commandID: UUID = .ordered(), principal: Principal, correlationID: String? = nil, causationID: String? = nil,
        expectedVersion: StreamVersion? = nil, receivedAt: Date = Date()
    ) {
        self.commandID = commandID
        self.principal = principal
        self.correlationID = correlationID ?? commandID.text
        self.causationID = causationID
        expectedVersions = expectedVersion.map { [$0] }
        self.receivedAt = receivedAt
    }

    /// The usual single one of ``expectedVersions``.
    public var expectedVersion: StreamVersion? {
        get { expectedVersions?.first }
        set { expectedVersions = newValue.map { [$0] } }
    }

    func check(_ version: StreamVersion, of stream: StreamName) throws(WrongExpectedVersion) {
        guard let expectedVersions, !expectedVersions.contains(version) else { return }
        throw WrongExpectedVersion(stream: stream, expected: expectedVersions.first ?? .zero, actual: version)
    }
}
