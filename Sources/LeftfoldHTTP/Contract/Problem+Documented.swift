public import Leftfold

extension Problem: Documented {
    public static let summary = "Why a request was refused or failed (RFC 9457). Act on `code`."
    public static let fields: [String: JSONSchema] = [
        "type": .string(length: 1...256, pattern: "^urn:leftfold:problem:").described("`urn:leftfold:problem:` and the code."),
        "title": .string(length: 1...256), "status": .integer(400...599),
        "detail": .string().described("For people."), "code": .string(length: 1...128, pattern: "^[a-z][a-z0-9_]*$").described("Stable."),
        "correlation_id": .string(length: 1...128).described("As in `X-Correlation-Id`: what to name when asking the operator."),
        "errors": JSONSchema([:]).described("With `validation_failed`: each field, and what is wrong with it."),
        "command_id": .string(format: "uuid").described("With `outcome_unknown`: the key to send the same command with again."),
    ]
}
