import HTTPTypes
import Hummingbird
import Leftfold

extension Problem {
    /// Nothing about the fault reaches the client.
    static func internalError(correlationID: String) -> Problem {
        Problem(
            code: "internal_error", status: 500, detail: "The service failed. The operator finds more under the correlation id.",
            correlationID: correlationID)
    }

    /// Hummingbird's own errors, and those that routes of a service throw in its terms.
    init(_ error: any HTTPResponseError, correlationID: String) {
        let phrase = error.status.reasonPhrase
        self.init(
            code: phrase.lowercased().replacing(" ", with: "_").filter { $0.isASCII && ($0.isLetter || $0 == "_") },
            status: error.status.code, detail: (error as? HTTPError)?.body ?? phrase, correlationID: correlationID)
    }
}

extension Response {
    /// - Parameter isConditional: whether the request had `If-Match`.
    init(refusing refusal: any Refusal, isConditional: Bool, correlationID: String) {
        let status = Statuses.status(of: refusal, isConditional: isConditional)
        self.init(Problem(refusal, status: status.code, correlationID: correlationID), status)
        if let refused = refusal as? RequestRefusal { headers.append(contentsOf: refused.headers) }
        switch status {
        case .serviceUnavailable, .tooManyRequests: headers[.retryAfter] = headers[.retryAfter] ?? "1"
        case .unauthorized: headers[.wwwAuthenticate] = Self.challenge(refusal.code)
        default: break
        }
    }

    /// Nothing about the fault reaches the client.
    static func internalError(correlationID: String) -> Response {
        Response(.internalError(correlationID: correlationID), .internalServerError)
    }

    init(_ problem: Problem, _ status: HTTPResponse.Status) {
        let body = (try? StrictJSON.encode(problem)) ?? Array("{}".utf8)
        self.init(
            status: status, headers: [.contentType: "application/problem+json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }

    private static func challenge(_ code: String) -> String {
        code == "missing_token" ? "Bearer" : "Bearer error=\"invalid_token\""
    }
}
