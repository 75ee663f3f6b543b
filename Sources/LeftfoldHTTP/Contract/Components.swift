import Leftfold

/// Parts of a contract that every service has.
enum Components {
    static func header(_ name: String) -> JSONTree { ["$ref": .string("#/components/headers/\(name)")] }
    static func parameter(_ name: String) -> JSONTree { ["$ref": .string("#/components/parameters/\(name)")] }

    private static let position = JSONSchema.integer(0...).example(42)
    /// Printable, and without blanks at the ends, which HTTP takes away.
    private static let conversation = JSONSchema.string(length: 1...128, pattern: "^[!-~]([ -~]{0,126}[!-~])?$").example("order-17")
    private static let entityTag = JSONSchema.string(length: 3...20, pattern: #"^"(0|[1-9][0-9]{0,17})"$"#).example(#""3""#)

    private static let session = JSONSchema.string(
        length: 3...400, pattern: #"^(new|1\.(0|[1-9][0-9]{0,17}))( *, *(new|1\.(0|[1-9][0-9]{0,17}))){0,15}$"#
    ).example("1.42")

    /// Of a query's answers, one after the other.
    static let eventStream = JSONSchema.string().described(
        "Server-sent events, where `Accept` names them: the answer, then each later one, as one `data:` line of JSON with an `id:`; a comment as a sign of life; "
            + "at the end `event: problem` with the problem document.")

    static let securitySchemes: JSONTree = [
        "bearer": [
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "A signed token, or the API key of a machine: `Authorization: Bearer …`.",
        ]
    ]

    static let parameters: JSONTree = [
        "IdempotencyKey": parameter(
            "Idempotency-Key", in: "header", .string(format: "uuid"),
            "The command's id. A repeat with the same key and the same content has one effect and one answer."),
        "IfMatch": parameter(
            "If-Match", in: "header", entityTag,
            "The version that the change was decided on, as the `ETag` of an earlier answer told it. 412 if it is another one by now."),
        "IfNoneMatch": parameter(
            "If-None-Match", in: "header", .string().example(#""3""#),
            "The `ETag` of the answer that is known already: 304 if it is still the same. What is no tag is ignored."),
        "LastEventId": parameter(
            "Last-Event-ID", in: "header", .string(length: 18...40, pattern: "^(0|[1-9][0-9]{0,17})\\.[A-Za-z0-9_-]{16}$"),
            "Of an event stream: the id of the last message that was read. What is new since comes at once, what is known does not."),
        "Session": parameter(
            "Leftfold-Session", in: "header", session,
            "`new`, then what the last answer told in this header: no answer is then older than an earlier one, nor than what was written in the session."
        ),
        "CorrelationId": parameter(
            "X-Correlation-Id", in: "header", conversation,
            "The conversation that this is part of: 1 to 128 printable ASCII characters. Told again in the answer, in logs and in the journal."
        ),
        "CausationId": parameter(
            "X-Causation-Id", in: "header", conversation, "What caused this command: 1 to 128 printable ASCII characters."),
        "Position": parameter(
            "Leftfold-Position", in: "header", position,
            "The answer must know everything up to this position: that of a command, to read what it wrote. Of `after` and this, the later counts."
        ),
        "After": parameter("after", in: "query", position, "As `Leftfold-Position`."),
    ]

    static let headers: JSONTree = [
        "CorrelationId": header(conversation, "The conversation: the request's, or a new one."),
        "Position": header(position, "Of a command: the position that it wrote at. Of a query: the answer knows everything up to here."),
        "ETag": header(.string(length: 3...256, pattern: #"^(W/)?"[!#-~]*"$"#), "The version, for `If-Match` and `If-None-Match`."),
        "Session": header(session, "The session with this answer in it, where the request was in one.", required: false),
        "CacheStatus": header(
            .string(length: 1...256, pattern: "^leftfold; (hit|fwd=[a-z-]+)$"), "What the cache had to do with the answer (RFC 9211)."),
        "Location": header(.string(length: 1...8192, format: "uri-reference"), "Where the new resource is."),
        "RetryAfter": header(.integer(0...86_400), "In how many seconds to try again."),
        "WWWAuthenticate": header(.string(length: 1...256), "`Bearer`, with `error` where a token was shown."),
    ]

    /// The answers to commands.
    static let receipt = JSONSchema([
        "type": "object", "required": ["id", "position", "version"],
        "properties": [
            "id": JSONSchema.string(length: 1...255).described("Of what was changed.").tree,
            "position": position.described("In the log; pass it as `after` to read what was written.").tree,
            "version": JSONSchema.integer(0...).described("Of what was changed, to send as `If-Match`.").tree,
        ],
        "examples": [["id": "7f1c2f0e-8a51-4c0e-9f5e-0d6a3a4b5c6d", "position": 42, "version": 3]],
    ]).described("An accepted command.")

    static let streamsReceipt = JSONSchema([
        "type": "object", "required": ["position", "streams"],
        "properties": [
            "position": position.tree,
            "streams": JSONSchema.map(of: .integer(0...)).described("The version of each stream that was changed.").tree,
        ],
        "examples": [["position": 42, "streams": ["account-1": 3, "account-2": 5]]],
    ]).described("An accepted command on several streams, or on a query.")

    private static func parameter(_ name: String, in place: String, _ schema: JSONSchema, _ description: String) -> JSONTree {
        ["name": .string(name), "in": .string(place), "required": false, "schema": schema.tree, "description": .string(description)]
    }

    private static func header(_ schema: JSONSchema, _ description: String, required: Bool = true) -> JSONTree {
        ["required": .bool(required), "schema": schema.tree, "description": .string(description)]
    }
}
