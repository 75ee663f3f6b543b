import HTTPTypes
import Leftfold

/// From refusals to HTTP statuses: Leftfold's own codes as ``ProblemCode`` lists them, those of a service by their kind.
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
        if let status = ProblemCode.fixedStatuses[code] { return status }
        return switch kind {
        case .invalid: .badRequest
        case .denied: .forbidden
        case .rejected: code.hasSuffix("_not_found") ? .notFound : .conflict
        case .conflict: isConditional ? .preconditionFailed : .conflict
        case .failed, nil: .internalServerError
        }
    }
}
