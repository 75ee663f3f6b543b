import HTTPTypes
import Leftfold

/// What the edge itself refuses, before a command or query exists.
struct RequestRefusal: Refusal {
    let code: String
    let message: String
    var headers: HTTPFields = [:]
    var kind: RefusalKind? { .invalid }

    static let invalidIdempotencyKey = Self(
        code: "invalid_idempotency_key", message: "Idempotency-Key must be one UUID: it is the command id.")
    static let invalidIfMatch = Self(
        code: "invalid_if_match", message: "If-Match must be one strong entity tag with the version, such as \"3\".")
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

    static let incompleteBody = Self(code: "incomplete_body", message: "The connection ended before the body did.")

    static func payloadTooLarge(limit: Int) -> Self {
        Self(code: "payload_too_large", message: "The body is larger than \(limit) bytes.")
    }

    static func tooManyStreams(limit: Int) -> Self {
        Self(code: "too_many_streams", message: "There are \(limit) event streams of this subject already.")
    }

    static func unknownParameter(_ name: some StringProtocol) -> Self {
        Self(code: "unknown_parameter", message: "The query parameter “\(name.prefix(64))” is not known.")
    }

    static func repeatedParameter(_ name: some StringProtocol) -> Self {
        Self(code: "repeated_parameter", message: "The query parameter “\(name.prefix(64))” is there twice.")
    }

    static func wrongType(_ name: String, _ type: String) -> Self {
        Self(code: "wrong_type", message: "“\(name)” is not of the type \(type).")
    }

    static let unknownRoute = Self(code: "unknown_route", message: "There is nothing at this path.")

    static func methodNotAllowed(_ allowed: [HTTPRequest.Method]) -> Self {
        let names = allowed.map(\.rawValue).joined(separator: ", ")
        return Self(code: "method_not_allowed", message: "This path knows \(names).", headers: [.allow: names])
    }
}
