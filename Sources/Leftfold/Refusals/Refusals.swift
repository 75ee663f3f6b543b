public import Foundation

/// The domain's own no.
public struct Rejected: Refusal, Equatable {
    public let code: String
    public let message: String
    public var kind: RefusalKind? { .rejected }

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    public init(_ rejection: some Rejection) { self.init(code: rejection.code, message: rejection.message) }
}

/// The command does not make sense by itself. Names each field and its problem.
public struct ValidationError: Refusal, Equatable {
    public var problems: [Problem]

    public struct Problem: Sendable, Equatable, Codable {
        public var field: String
        public var problem: String
        public init(field: String, problem: String) {
            self.field = field
            self.problem = problem
        }
    }

    public init(_ problems: [Problem]) { self.problems = problems }
    public init(_ field: String, _ problem: String) { problems = [Problem(field: field, problem: problem)] }

    public var kind: RefusalKind? { .invalid }
    public var code: String { "validation_failed" }
    public var message: String { problems.map { "\($0.field) \($0.problem)" }.joined(separator: "; ") }
}

/// The bytes are not the JSON of the command or query that they claim to be.
public struct MalformedInput: Refusal, Equatable {
    public let code: String
    public let message: String
    public var kind: RefusalKind? { .invalid }

    public init(code: String = "malformed_json", _ message: String) {
        self.code = code
        self.message = message
    }
}

/// No command or query of this name is known.
public struct UnknownName: Refusal, Equatable {
    public let code: String
    public let message: String
    public var kind: RefusalKind? { .invalid }

    public static func command(_ name: String) -> Self {
        Self(
            code: "unknown_command",
            message: NameInMessage.quoted(name.utf8).map { "There is no command \($0)." } ?? "There is no such command.")
    }
    public static func query(_ name: String) -> Self {
        Self(
            code: "unknown_query", message: NameInMessage.quoted(name.utf8).map { "There is no query \($0)." } ?? "There is no such query.")
    }
}

/// The principal's roles do not grant the permission.
public struct Forbidden: Refusal, Equatable {
    public let permission: Permission
    public var kind: RefusalKind? { .denied }
    public var code: String { "forbidden" }
    public var message: String { "This needs the permission \(permission)." }

    public init(_ permission: Permission) { self.permission = permission }
}

/// The stream is not where the writer expected it.
public struct WrongExpectedVersion: Refusal, Equatable {
    public let stream: StreamName
    public let expected: StreamVersion
    public let actual: StreamVersion
    public var kind: RefusalKind? { .conflict }
    public var code: String { "wrong_expected_version" }
    public var message: String { "\(stream) is at version \(actual), not at \(expected)." }

    public init(stream: StreamName, expected: StreamVersion, actual: StreamVersion) {
        self.stream = stream
        self.expected = expected
        self.actual = actual
    }
}

/// What the decision rested on changed: an event that it did not know matches its query.
public struct ConditionFailed: Refusal, Equatable {
    /// Of the event.
    public let position: GlobalPosition
    public var kind: RefusalKind? { .conflict }
    public var code: String { "condition_failed" }
    public var message: String { "The event at position \(position) changed what this was decided on." }

    public init(at position: GlobalPosition) { self.position = position }
}

/// The command would write to one stream twice, such as a transfer from an account to itself.
public struct RepeatedStream: Refusal, Equatable {
    public let stream: StreamName
    public var kind: RefusalKind? { .invalid }
    public var code: String { "repeated_stream" }
    public var message: String { "\(stream) is named twice." }

    public init(_ stream: StreamName) { self.stream = stream }
}

/// The command id was used before, with other content (I10).
public struct CommandIDReused: Refusal, Equatable {
    public let commandID: UUID
    public var kind: RefusalKind? { nil }
    public var code: String { "command_id_reused" }
    public var message: String { "This command id was already used with other content." }

    public init(_ commandID: UUID) { self.commandID = commandID }
}

/// The command was answered before, and this was the answer (I10).
public struct AnsweredBefore: Refusal, Equatable {
    public let recorded: RefusalKind
    public let code: String
    /// Nil: it is on record already.
    public var kind: RefusalKind? { nil }
    public var message: String { "This command was answered before: \(recorded.rawValue) (\(code))." }

    public init(recorded: RefusalKind, code: String) {
        self.recorded = recorded
        self.code = code
    }
}

/// The connection broke while the command was being stored. All or none of its events are in the log; the same command
/// sent again with the same id tells which (I2).
public struct OutcomeUnknown: Refusal, Equatable {
    public let commandID: UUID
    public var kind: RefusalKind? { nil }
    public var code: String { "outcome_unknown" }
    public var message: String {
        "The outcome is unknown. Send the same command again with the command id \(commandID.text)."
    }

    public init(_ commandID: UUID) { self.commandID = commandID }
}

/// The store cannot be reached, or has no room for more work now. Nothing was stored.
public struct Unavailable: Refusal, Equatable {
    public let message: String
    public var kind: RefusalKind? { nil }
    public var code: String { "unavailable" }

    public init(_ message: String) { self.message = message }
}

/// What was asked for does not exist, or the read model does not know it yet.
public struct NotFound: Refusal, Equatable {
    public let code: String
    public let message: String
    public var kind: RefusalKind? { .rejected }

    public init(code: String, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// The read model did not reach the position in time (I9). The write is safe; ask again.
public struct NotYetVisible: Refusal, Equatable {
    public let wanted: GlobalPosition
    public let reached: GlobalPosition
    public var kind: RefusalKind? { nil }
    public var code: String { "not_yet_visible" }
    public var message: String { "The read model is at position \(reached), not yet at \(wanted)." }

    public init(wanted: GlobalPosition, reached: GlobalPosition) {
        self.wanted = wanted
        self.reached = reached
    }
}

/// The query took longer than its timeout. Ask for less, or later.
public struct QueryTimedOut: Refusal, Equatable {
    public let query: String
    public var kind: RefusalKind? { nil }
    public var code: String { "query_timed_out" }
    public var message: String { "\(query) took too long." }

    public init(_ query: String) { self.query = query }
}

/// So many queries of this kind are being read that this one had no turn within its timeout.
public struct TooManyQueries: Refusal, Equatable {
    public let query: String
    public var kind: RefusalKind? { nil }
    public var code: String { "too_many_queries" }
    public var message: String { "Too many \(query) are running." }

    public init(_ query: String) { self.query = query }
}

/// The answer would have more rows than the query may have. Ask for less.
public struct TooManyRows: Refusal, Equatable {
    public let query: String
    public let limit: Int
    public var kind: RefusalKind? { .rejected }
    public var code: String { "too_many_rows" }
    public var message: String { "\(query) would answer more than \(limit) rows." }

    public init(_ query: String, limit: Int) {
        self.query = query
        self.limit = limit
    }
}
