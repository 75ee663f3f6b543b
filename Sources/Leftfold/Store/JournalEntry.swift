public import Foundation

/// One command in the journal: who asked what, when, and how it ended. No payload.
public struct JournalEntry: Sendable, Equatable, Codable {
    public var commandID: UUID
    public var name: String
    public var principal: String
    public var correlationID: String
    public var causationID: String?
    /// The first that it was for.
    public var stream: String?
    public var receivedAt: Date
    public var finishedAt: Date
    public var outcome: Outcome
    /// The refusal's code; nil when accepted.
    public var code: String?
    /// Of that stream afterwards, when accepted.
    public var version: StreamVersion?
    public var firstPosition: GlobalPosition?
    public var lastPosition: GlobalPosition?

    public init(
        commandID: UUID, name: String, principal: String, correlationID: String, causationID: String?,
        stream: String?, receivedAt: Date, finishedAt: Date, outcome: Outcome, code: String?, version: StreamVersion?,
        firstPosition: GlobalPosition?, lastPosition: GlobalPosition?
    ) {
        self.commandID = commandID
        self.name = name
        self.principal = principal
        self.correlationID = correlationID
        self.causationID = causationID
        self.stream = stream
        self.receivedAt = receivedAt
        self.finishedAt = finishedAt
        self.outcome = outcome
        self.code = code
        self.version = version
        self.firstPosition = firstPosition
        self.lastPosition = lastPosition
    }

    private enum CodingKeys: String, CodingKey {
        case commandID = "command_id"
        case name, principal
        case correlationID = "correlation_id"
        case causationID = "causation_id"
        case stream
        case receivedAt = "received_at"
        case finishedAt = "finished_at"
        case outcome, code, version
        case firstPosition = "first_position"
        case lastPosition = "last_position"
    }
}

/// Which journal rows to read.
public struct JournalFilter: Sendable {
    public var outcome: Outcome?
    public var principal: String?
    public var stream: String?
    public var limit: Int

    public init(outcome: Outcome? = nil, principal: String? = nil, stream: String? = nil, limit: Int = 100) {
        self.outcome = outcome
        self.principal = principal
        self.stream = stream
        self.limit = limit
    }

    func matches(_ entry: JournalEntry) -> Bool {
        (outcome == nil || entry.outcome == outcome) && (principal == nil || entry.principal == principal)
            && (stream == nil || entry.stream == stream)
    }
}
