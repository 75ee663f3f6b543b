import HTTPTypes
import Leftfold

/// What the edge itself refuses, before a command or query exists.
struct RequestRefusal: Refusal {
    let code: String
    let message: String
    var headers: HTTPFields = [:]
    var kind: RefusalKind? = .invalid

    static let invalidIdempotencyKey = Self(
        code: "invalid_idempotency_key", message: "Idempotency-Key must be one UUID: it is the command id.")
    static let invalidIfMatch = Self(
        code: "invalid_if_match", message: "If-Match must be * or entity tags with versions, such as \"3\".")
    /// A condition that is false, as if the version were another one.
    static let weakIfMatch = Self(
        code: "wrong_expected_version", message: "Weak entity tags never match in If-Match.", kind: .conflict)
    static let invalidCorrelationID = Self(
        code: "invalid_correlation_id", message: "X-Correlation-Id must be 1 to 128 printable ASCII characters.")
    static let invalidCausationID = Self(
        code: "invalid_causation_id", message: "X-Causation-Id must be 1 to 128 printable ASCII characters.")
    static let invalidPosition = Self(
        code: "invalid_position", message: "A position is a whole number from 0, as an earlier answer told it.")
    static let invalidSession = Self(
        code: "invalid_session", message: "Leftfold-Session must be “new”, or what an earlier answer told.")
    static let invalidLastEventID = Self(
        code: "invalid_last_event_id", message: "Last-Event-ID must be the id of a message of this stream.")
    static let unsupportedMediaType = Self(
        code: "unsupported_media_type", message: "The body must be application/json in UTF-8.")
    static let unsupportedEncoding = Self(
        code: "unsupported_encoding", message: "The body must not be compressed.", headers: [.acceptEncoding: "identity"])
    static let malformedTarget = Self(
        code: "malformed_target",
        message: "The path or query is malformed, or the path holds dot segments, or escapes of a slash or a control character.")
    static let incompleteBody = Self(code: "incomplete_body", message: "The connection ended before the body did.")

    static func targetTooLong(limit: Int) -> Self {
        Self(code: "target_too_long", message: "The path and query are longer than \(limit) bytes.")
    }

    static func tooManyParameters(limit: Int) -> Self {
        Self(code: "too_many_parameters", message: "There are more than \(limit) query parameters.")
    }

    static func payloadTooLarge(limit: Int) -> Self {
        Self(code: "payload_too_large", message: "The body is larger than \(limit) bytes.")
    }

    static func tooManyStreams(limit: Int) -> Self {
        Self(code: "too_many_streams", message: "There are \(limit) event streams of this subject already.")
    }

    static func unknownParameter(_ name: some Collection<UInt8>) -> Self {
        let subject = name.isEmpty ? "A query parameter" : NameInMessage.the("query parameter", name)
        return Self(code: "unknown_parameter", message: "\(subject) is not known.")
    }

    static func repeatedParameter(_ name: some Collection<UInt8>) -> Self {
        Self(code: "repeated_parameter", message: "\(NameInMessage.the("query parameter", name)) is there twice.")
    }

    static func wrongType(_ name: String, _ type: String) -> Self {
        Self(code: "wrong_type", message: "\(NameInMessage.quoted(name.utf8) ?? "A value") is not of the type \(type).")
    }

    static let unknownRoute = Self(code: "unknown_route", message: "There is nothing at this path.")

    static func methodNotAllowed(_ allowed: [HTTPRequest.Method]) -> Self {
        let names = allowed.map(\.rawValue).joined(separator: ", ")
        return Self(code: "method_not_allowed", message: "This path knows \(names).", headers: [.allow: names])
    }
}
