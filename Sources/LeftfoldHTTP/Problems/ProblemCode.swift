import HTTPTypes

/// A code that Leftfold itself answers with. The one list of them: statuses, the contract and docs/errors.md follow it. Codes of a service's
/// own (its rejections, claims that are taken, what is not found) get their status by their kind.
struct ProblemCode: Sendable, Hashable {
    let code: String
    let status: HTTPResponse.Status
    let place: Place
    /// A sentence for readers, in Markdown.
    let when: String

    /// Which requests may be answered with it.
    enum Place: Sendable, CaseIterable {
        case all
        /// Those that no route takes.
        case unrouted
        /// All that need a token.
        case guarded
        /// Those with query parameters, or that refuse them.
        case parameters
        /// Those with a JSON body.
        case body
        /// Those whose path, parameters or body become a command or query.
        case fields
        case command
        /// Commands that are decided on more than one stream.
        case boundary
        case query
        /// Queries that page by cursor.
        case cursor
    }

    init(_ code: String, _ status: HTTPResponse.Status, _ place: Place, _ when: String) {
        (self.code, self.status, self.place, self.when) = (code, status, place, when)
    }

    static let all: [ProblemCode] = [
        .init("malformed_request", .badRequest, .all, "What came is not HTTP/1.1, or its framing broke."),
        .init("header_too_large", .requestHeaderFieldsTooLarge, .all, "The headers are too large, or too many."),
        .init("request_timeout", .requestTimeout, .all, "The request took too long to arrive."),
        .init("invalid_correlation_id", .badRequest, .all, "`X-Correlation-Id` is not 1 to 128 printable ASCII characters."),
        .init("internal_error", .internalServerError, .all, "A fault of the service."),
        .init(
            "deadline_exceeded", .serviceUnavailable, .all,
            "The answer took too long. A command may have been carried out: send it again with the same key."),

        .init("target_too_long", .uriTooLong, .all, "The path and query are too long."),
        .init(
            "malformed_target", .badRequest, .all,
            "The path or query is malformed, or the path holds dot segments, or escapes of a slash or a control character."),
        .init("expectation_failed", .expectationFailed, .all, "`Expect` is something other than `100-continue`."),
        .init("overloaded", .serviceUnavailable, .all, "There is more to do than the service can. Nothing was done."),

        .init("unknown_route", .notFound, .unrouted, "There is nothing at this path."),
        .init("method_not_allowed", .methodNotAllowed, .unrouted, "The path is known, with other methods."),
        .init("unknown_command", .notFound, .unrouted, "No command has this name."),
        .init("unknown_query", .notFound, .unrouted, "No query has this name."),

        .init("missing_token", .unauthorized, .guarded, "There is no `Authorization: Bearer …`."),
        .init(
            "invalid_token", .unauthorized, .guarded,
            "The token is malformed, forged, for somebody else or not yet valid; or the API key is unknown."),
        .init("expired_token", .unauthorized, .guarded, "The token or API key has expired."),
        .init("too_many_requests", .tooManyRequests, .guarded, "The principal asks too much at once, or too fast. Nothing was done."),
        .init("forbidden", .forbidden, .guarded, "No role of the principal grants the permission."),

        .init("unknown_parameter", .badRequest, .parameters, "A query parameter that is not known here."),
        .init("repeated_parameter", .badRequest, .parameters, "A query parameter twice."),

        .init("too_many_parameters", .badRequest, .parameters, "There are too many query parameters."),

        .init("payload_too_large", .contentTooLarge, .body, "The body is too large."),
        .init("unsupported_media_type", .unsupportedMediaType, .body, "The body is not `application/json` in UTF-8."),
        .init("unsupported_encoding", .unsupportedMediaType, .body, "The body is compressed."),
        .init("incomplete_body", .badRequest, .body, "The connection ended before the body did."),

        .init("malformed_json", .badRequest, .fields, "The body is not JSON in UTF-8."),
        .init("too_deep", .badRequest, .fields, "The body is nested deeper than 64 levels."),
        .init("too_many_values", .badRequest, .fields, "The body has too many values."),
        .init("too_many_marks", .badRequest, .fields, "A text has too many combining marks in a row."),
        .init("repeated_field", .badRequest, .fields, "A field twice, or once in the path and once in the body."),
        .init("unknown_field", .badRequest, .fields, "A field that is not known."),
        .init("missing_field", .badRequest, .fields, "A required field is not there."),
        .init("wrong_type", .badRequest, .fields, "A value of another type, or text that cannot be read as it."),
        .init("validation_failed", .unprocessableContent, .fields, "Well-formed, but against the rules; `errors` names each field."),
        .init("unavailable", .serviceUnavailable, .fields, "The database is away or busy. Nothing was stored."),

        .init("invalid_idempotency_key", .badRequest, .command, "`Idempotency-Key` is not a UUID."),
        .init("invalid_causation_id", .badRequest, .command, "`X-Causation-Id` is not 1 to 128 printable ASCII characters."),
        .init("invalid_if_match", .badRequest, .command, "`If-Match` is not one strong tag with a version, such as `\"3\"`."),
        .init("wrong_expected_version", .preconditionFailed, .command, "The stream is not at the version of `If-Match`."),
        .init("wrong_expected_version", .conflict, .command, "Without `If-Match`: others were faster, again and again."),
        .init("command_id_reused", .unprocessableContent, .command, "The `Idempotency-Key` was used with other content."),
        .init(
            "outcome_unknown", .serviceUnavailable, .command,
            "The connection broke while the command was stored. Send it again with the same key, which is `command_id`."),
        .init("condition_failed", .conflict, .boundary, "What the command rests on changed while it was decided, again and again."),
        .init("repeated_stream", .unprocessableContent, .boundary, "The command names one stream twice."),

        .init("invalid_position", .badRequest, .query, "`Leftfold-Position` or `after` is not a whole number from 0."),
        .init("invalid_session", .badRequest, .fields, "`Leftfold-Session` is neither `new` nor what an answer told."),
        .init("invalid_last_event_id", .badRequest, .query, "`Last-Event-ID` is not the id of a message of an event stream."),
        .init("too_many_streams", .tooManyRequests, .query, "The principal has as many event streams open as it may."),
        .init("not_yet_visible", .serviceUnavailable, .query, "The read model did not reach the position in time. Ask again."),
        .init(
            "position_lost", .conflict, .query,
            "`Leftfold-Position`, `after` or the session is of a history that the log has lost to a failover or a restore. Ask without it."),
        .init("query_timed_out", .serviceUnavailable, .query, "The query took too long."),
        .init("too_many_queries", .serviceUnavailable, .query, "Too many of these are being read at once."),
        .init("too_many_rows", .unprocessableContent, .query, "The answer would have more rows than are ever answered."),
        .init("invalid_cursor", .badRequest, .cursor, "`cursor` is not one that this list gave. Begin anew without it."),
    ]

    /// Of the codes that have one status. `wrong_expected_version` depends on whether the request was conditional.
    static let fixedStatuses: [String: HTTPResponse.Status] = Dictionary(grouping: all, by: \.code)
        .compactMapValues { $0.count == 1 ? $0.first?.status : nil }
}
