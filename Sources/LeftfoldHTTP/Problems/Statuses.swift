import HTTPTypes
import Leftfold

/// The table from refusals to HTTP statuses. The only one.
enum Statuses {
    /// - Parameter isConditional: the client sent `If-Match`, so a conflict is its failed precondition.
    static func status(of refusal: any Refusal, isConditional: Bool) -> HTTPResponse.Status {
        switch refusal {
        case is NotFound: .notFound
        case let answered as AnsweredBefore: status(answered.recorded, answered.code, isConditional)
        default: status(refusal.kind, refusal.code, isConditional)
        }
    }

    private static func status(_ kind: RefusalKind?, _ code: String, _ isConditional: Bool) -> HTTPResponse.Status {
        if let status = byCode[code] { return status }
        return switch kind {
        case .invalid: .badRequest
        case .denied: .forbidden
        case .rejected: code.hasSuffix("_not_found") ? .notFound : .conflict
        case .conflict: isConditional ? .preconditionFailed : .conflict
        case .failed, nil: .internalServerError
        }
    }

    private static let byCode: [String: HTTPResponse.Status] = [
        "missing_token": .unauthorized,
        "invalid_token": .unauthorized,
        "expired_token": .unauthorized,
        "unknown_route": .notFound,
        "unknown_command": .notFound,
        "unknown_query": .notFound,
        "method_not_allowed": .methodNotAllowed,
        "payload_too_large": .contentTooLarge,
        "unsupported_media_type": .unsupportedMediaType,
        "unsupported_encoding": .unsupportedMediaType,
        "target_too_long": .uriTooLong,
        "validation_failed": .unprocessableContent,
        "repeated_stream": .unprocessableContent,
        "command_id_reused": .unprocessableContent,
        "outcome_unknown": .serviceUnavailable,
        "unavailable": .serviceUnavailable,
        "not_yet_visible": .serviceUnavailable,
        "query_timed_out": .serviceUnavailable,
        "too_many_queries": .serviceUnavailable,
        "too_many_rows": .unprocessableContent,
    ]
}
