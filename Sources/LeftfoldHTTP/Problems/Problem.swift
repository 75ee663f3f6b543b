import Foundation
public import Leftfold

/// The body of every answer that is not a success: RFC 9457, `application/problem+json`.
public struct Problem: Codable, Sendable, Equatable {
    /// `urn:leftfold:problem:<code>`.
    public var type: String
    public var title: String
    public var status: Int
    public var detail: String
    /// Stable, in snake case: what clients act on.
    public var code: String
    /// The conversation, to find it in logs and in the journal.
    public var correlationID: String
    /// Each field that failed validation.
    public var errors: [ValidationError.Problem]?
    /// With `outcome_unknown`: the id to send the same command with again.
    public var commandID: String?

    enum CodingKeys: String, CodingKey {
        case type, title, status, detail, code
        case correlationID = "correlation_id"
        case errors
        case commandID = "command_id"
    }

    init(_ refusal: any Refusal, status: Int, correlationID: String) {
        self.init(code: refusal.code, status: status, detail: refusal.message, correlationID: correlationID)
        errors = (refusal as? ValidationError)?.problems
        commandID = (refusal as? OutcomeUnknown)?.commandID.text
    }

    init(code: String, status: Int, detail: String, correlationID: String) {
        type = "urn:leftfold:problem:\(code)"
        title = code.prefix(1).uppercased() + code.dropFirst().replacing("_", with: " ")
        self.status = status
        self.detail = detail
        self.code = code
        self.correlationID = correlationID
    }
}
