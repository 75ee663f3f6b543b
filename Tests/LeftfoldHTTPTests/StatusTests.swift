import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Leftfold
import Logging
import Testing

@testable import LeftfoldHTTP

/// The specification of statuses and codes: one request for each.
struct Expectation: Sendable, CustomTestStringConvertible {
    var method: HTTPRequest.Method
    var path: String
    var body: String?
    var headers: HTTPFields = [:]
    var status: Int
    var code: String
    /// How the journal records it; nil where nothing of it reaches the journal.
    var outcome: RefusalKind?

    var testDescription: String { "\(method) \(path) → \(status) \(code)" }

    init(
        _ method: HTTPRequest.Method, _ path: String, _ body: String?, _ status: Int, _ code: String, _ outcome: RefusalKind? = nil
    ) {
        self.init(method, path, body, [:], status, code, outcome)
    }

    init(
        _ method: HTTPRequest.Method, _ path: String, _ body: String?, _ headers: HTTPFields, _ status: Int, _ code: String,
        _ outcome: RefusalKind? = nil
    ) {
        self.method = method
        self.path = path
        self.body = body
        self.headers = headers
        self.status = status
        self.code = code
        self.outcome = outcome
    }
}

@Suite struct StatusTests {
    static let id = "6f1c1a52-7d5e-4a8b-9d57-0c1f2c3d4e5f"
    static let deep = #"{"id":"\#(id)","title":"# + String(repeating: "[", count: 100_000)
    static let bad = "/commands/BreakNote"

    static func twice(_ name: HTTPField.Name, _ value: String) -> HTTPFields {
        HTTPFields([HTTPField(name: name, value: value), HTTPField(name: name, value: value)])
    }

    static let table: [Expectation] = [
        // Commands
        Expectation(.post, "/notes", "{", 400, "malformed_json", .invalid),
        Expectation(.post, "/notes", #"{"title":"a",}"#, 400, "malformed_json", .invalid),
        Expectation(.post, "/notes", "{\"title\":\"a\"}}", 400, "malformed_json", .invalid),
        Expectation(.post, "/notes", "[]", 400, "wrong_type", .invalid),
        Expectation(.post, "/notes", "null", 400, "wrong_type", .invalid),
        Expectation(.post, "/notes", "{}", 400, "missing_field", .invalid),
        Expectation(.post, "/notes", nil, 400, "missing_field", .invalid),
        Expectation(.post, "/notes", #"{"title":3}"#, 400, "wrong_type", .invalid),
        Expectation(.post, "/notes", #"{"title":"a","colour":"red"}"#, 400, "unknown_field", .invalid),
        Expectation(.post, "/notes", #"{"title":"a","title":"b"}"#, 400, "repeated_field", .invalid),
        Expectation(.patch, "/notes/\(id)", #"{"id":"\#(id)","title":"b"}"#, 400, "repeated_field", .invalid),
        Expectation(.patch, "/notes/nonsense", #"{"title":"b"}"#, 400, "wrong_type", .invalid),
        Expectation(.patch, "/notes/%FF", #"{"title":"b"}"#, 400, "wrong_type", .invalid),
        Expectation(.patch, "/notes/a%22b", #"{"title":"b"}"#, 400, "wrong_type", .invalid),
        Expectation(.post, "/notes", deep, 400, "too_deep", .invalid),
        Expectation(.post, "/notes?x=1", #"{"title":"a"}"#, 400, "unknown_parameter", .invalid),
        Expectation(.post, "/notes", #"{"title":""}"#, 422, "validation_failed", .invalid),
        Expectation(.patch, "/notes/\(id)", #"{"title":"b"}"#, 404, "note_not_found", .rejected),
        Expectation(.post, "/notes/\(id)/burn", nil, 403, "forbidden", .denied),
        Expectation(.post, "/commands/FlyNote", "{}", 404, "unknown_command", .invalid),
        Expectation(.post, "/notes", String(repeating: " ", count: 70_000), 413, "payload_too_large", .invalid),
        Expectation(.post, "/notes", "{}", [.contentType: "text/plain"], 415, "unsupported_media_type", .invalid),
        Expectation(.post, "/notes", "{}", [.contentType: "application/json; charset=latin1"], 415, "unsupported_media_type", .invalid),
        Expectation(.post, "/notes", "{}", [.contentType: ""], 415, "unsupported_media_type", .invalid),
        Expectation(.post, "/notes", "{}", [.idempotencyKey: "seven"], 400, "invalid_idempotency_key", .invalid),
        Expectation(.post, "/notes", "{}", [.ifMatch: #"*, "3""#], 400, "invalid_if_match", .invalid),
        Expectation(.post, "/notes", "{}", [.ifMatch: #""3"#], 400, "invalid_if_match", .invalid),
        Expectation(.post, "/notes", "{}", [.ifMatch: #""3" "4""#], 400, "invalid_if_match", .invalid),
        Expectation(.post, "/notes", "{}", [.ifMatch: #""0003""#], 400, "invalid_if_match", .invalid),
        Expectation(.post, "/notes", "{}", [.ifMatch: #""9223372036854775808""#], 400, "invalid_if_match", .invalid),
        Expectation(.post, "/notes", #"{"title":"a"}"#, [.ifMatch: #""7", "8""#], 412, "wrong_expected_version", .conflict),
        Expectation(.post, "/notes", "{}", [.ifMatch: "3"], 400, "invalid_if_match", .invalid),
        Expectation(.post, "/notes", "{}", [.ifMatch: #"W/"3""#], 412, "wrong_expected_version", .conflict),
        Expectation(.post, "/notes", "{}", [.ifMatch: #"w/"3""#], 400, "invalid_if_match", .invalid),
        Expectation(.post, "/notes", "{}", [.ifMatch: #""+3""#], 400, "invalid_if_match", .invalid),
        Expectation(.post, "/notes", "{}", [.causationID: String(repeating: "c", count: 129)], 400, "invalid_causation_id", .invalid),
        Expectation(.post, "/notes", #"{"title":"a"}"#, [.ifMatch: #""7""#], 412, "wrong_expected_version", .conflict),
        Expectation(.post, bad, #"{"id":"\#(id)","how":"raced"}"#, 409, "wrong_expected_version", .conflict),
        Expectation(.post, bad, #"{"id":"\#(id)","how":"lost"}"#, 503, "outcome_unknown"),
        Expectation(.post, bad, #"{"id":"\#(id)","how":"away"}"#, 503, "unavailable"),
        Expectation(.post, bad, #"{"id":"\#(id)","how":"fault"}"#, 500, "internal_error", .failed),
        // Queries
        Expectation(.get, "/notes/\(id)", nil, 404, "note_not_found"),
        Expectation(.get, "/notes/nonsense", nil, 400, "wrong_type"),
        Expectation(.get, "/notes?limit=ten", nil, 400, "wrong_type"),
        Expectation(.get, "/notes?limit=1&limit=2", nil, 400, "repeated_parameter"),
        Expectation(.get, "/notes?colour=red", nil, 400, "unknown_parameter"),
        Expectation(.get, "/notes?search=%FF", nil, 400, "wrong_type"),
        Expectation(.get, "/notes?limit=101", nil, 422, "validation_failed"),
        Expectation(.get, "/notes?after=-1", nil, 400, "invalid_position"),
        Expectation(.get, "/notes?after=", nil, 400, "invalid_position"),
        Expectation(.get, "/notes", nil, [.leftfoldPosition: "last"], 400, "invalid_position"),
        Expectation(.get, "/notes?after=99", nil, 503, "not_yet_visible"),
        Expectation(.get, "/notes?after=0", nil, [.leftfoldPosition: "99"], 503, "not_yet_visible"),
        Expectation(.post, "/queries/AuditNotes", "{}", 403, "forbidden"),
        Expectation(.post, "/queries/FlyNotes", "{}", 404, "unknown_query"),
        Expectation(.post, "/queries/GetNote", "{", 400, "malformed_json"),
        // Numbers that are none
        Expectation(.get, "/notes?limit=%2B5", nil, 400, "wrong_type"),
        Expectation(.get, "/notes?limit=+5", nil, 400, "wrong_type"),
        Expectation(.get, "/notes?limit=0001", nil, 400, "wrong_type"),
        Expectation(.get, "/notes?limit=-0", nil, 400, "wrong_type"),
        Expectation(.get, "/notes?limit=-01", nil, 400, "wrong_type"),
        Expectation(.get, "/notes?limit=5.0", nil, 400, "wrong_type"),
        Expectation(.get, "/notes?limit=1e3", nil, 400, "wrong_type"),
        Expectation(.get, "/notes?limit=", nil, 400, "wrong_type"),
        Expectation(.get, "/notes?limit=-", nil, 400, "wrong_type"),
        Expectation(.get, "/notes?limit=%D9%A3", nil, 400, "wrong_type"),
        Expectation(.get, "/notes?limit=9223372036854775808", nil, 400, "wrong_type"),
        Expectation(.get, "/notes?after=%2B5", nil, 400, "invalid_position"),
        Expectation(.get, "/notes?after=0001", nil, 400, "invalid_position"),
        Expectation(.get, "/notes?after=5.0", nil, 400, "invalid_position"),
        Expectation(.get, "/notes?after=9223372036854775808", nil, 400, "invalid_position"),
        Expectation(.get, "/notes", nil, [.leftfoldPosition: "+5"], 400, "invalid_position"),
        Expectation(.get, "/notes", nil, [.leftfoldPosition: "007"], 400, "invalid_position"),
        Expectation(.get, "/notes", nil, [.leftfoldPosition: "1e3"], 400, "invalid_position"),
        Expectation(.post, "/queries/ListNotes", #"{"limit":1.5}"#, 400, "wrong_type"),
        Expectation(.post, "/queries/ListNotes", #"{"limit":9223372036854775808}"#, 400, "wrong_type"),
        Expectation(.post, "/queries/ListNotes", #"{"limit":1e400}"#, 400, "wrong_type"),
        Expectation(.post, "/queries/ListNotes", #"{"limit":0.99999999999999999999}"#, 400, "wrong_type"),
        Expectation(.post, "/queries/ListNotes", #"{"limit":+5}"#, 400, "malformed_json"),
        Expectation(.post, "/queries/ListNotes", #"{"limit":0001}"#, 400, "malformed_json"),
        // Headers that are there twice
        Expectation(.post, "/notes", "{}", twice(.idempotencyKey, id), 400, "invalid_idempotency_key", .invalid),
        Expectation(.post, "/notes", "{}", twice(.causationID, "c"), 400, "invalid_causation_id", .invalid),
        Expectation(.post, "/notes", "{}", twice(.contentType, "application/json"), 415, "unsupported_media_type", .invalid),
        Expectation(.post, "/notes", #"{"title":"a"}"#, twice(.ifMatch, "\"7\""), 412, "wrong_expected_version", .conflict),
        Expectation(.get, "/notes", nil, twice(.correlationID, "c"), 400, "invalid_correlation_id"),
        Expectation(.get, "/notes", nil, twice(.leftfoldPosition, "0"), 400, "invalid_position"),
        Expectation(.get, "/notes", nil, twice(.authorization, "Bearer a.b.c"), 401, "invalid_token"),
        // Bodies
        Expectation(.post, "/notes", "{}", [.contentEncoding: "gzip"], 415, "unsupported_encoding", .invalid),
        Expectation(.post, "/notes", "{}", [.contentEncoding: "identity, br"], 415, "unsupported_encoding", .invalid),
        Expectation(.post, "/notes", "{}", twice(.contentEncoding, "deflate"), 415, "unsupported_encoding", .invalid),
        Expectation(.post, "/queries/ListNotes", "{}", [.contentEncoding: "gzip"], 415, "unsupported_encoding"),
        Expectation(.post, "/notes", "{}", [.contentType: "application/json; charset"], 415, "unsupported_media_type", .invalid),
        Expectation(.post, "/notes", "{}", [.contentType: "application/json; charset=\"utf-8"], 415, "unsupported_media_type", .invalid),
        Expectation(.post, "/notes", "{}", [.contentType: "application/json5"], 415, "unsupported_media_type", .invalid),
        Expectation(
            .post, "/notes", "{}", [.contentType: "application/json; x=" + String(repeating: "x", count: 600)], 415,
            "unsupported_media_type", .invalid),
        Expectation(.post, "/notes", "[" + String(repeating: "0,", count: 10_000) + "0]", 400, "too_many_values", .invalid),
        Expectation(
            .post, "/notes", #"{"title":"e\#(String(repeating: "\u{301}", count: 65))"}"#, 400, "too_many_marks", .invalid),
        Expectation(
            .patch, "/notes/e" + String(repeating: "%CC%81", count: 65), #"{"title":"a"}"#, 400, "too_many_marks", .invalid),
        // Targets
        Expectation(.get, "//", nil, 404, "unknown_route"),
        Expectation(.get, "//notes", nil, 404, "unknown_route"),
        Expectation(.post, "//notes", #"{"title":"a"}"#, 404, "unknown_route"),
        Expectation(.get, "/notes//", nil, 404, "unknown_route"),
        Expectation(.post, "/notes//burn", nil, 404, "unknown_route"),
        Expectation(.get, "/notes//\(id)", nil, 404, "unknown_route"),
        Expectation(.get, "/%6Eotes", nil, 404, "unknown_route"),
        Expectation(.get, "/notes/%00", nil, 400, "malformed_target"),
        Expectation(.get, "/notes/a%0Ab", nil, 400, "malformed_target"),
        Expectation(.get, "/notes%2F\(id)", nil, 400, "malformed_target"),
        Expectation(.get, "/notes/a%2fb", nil, 400, "malformed_target"),
        Expectation(.get, "/notes/..", nil, 400, "malformed_target"),
        Expectation(.get, "/notes/%2e%2E", nil, 400, "malformed_target"),
        Expectation(.get, "/./notes", nil, 400, "malformed_target"),
        Expectation(.get, "/notes/%", nil, 400, "malformed_target"),
        Expectation(.get, "/notes/%2", nil, 400, "malformed_target"),
        Expectation(.get, "/notes/%zz", nil, 400, "malformed_target"),
        Expectation(.get, "/notes?search=%zz", nil, 400, "malformed_target"),
        Expectation(.get, "/notes?search=a#b", nil, 400, "malformed_target"),
        Expectation(.get, "/notes/caf\u{e9}", nil, 400, "malformed_target"),
        Expectation(.get, "notes", nil, 400, "malformed_target"),
        Expectation(.get, "ftp://x/notes", nil, 400, "malformed_target"),
        Expectation(.post, "/notes/%00/burn", nil, 400, "malformed_target"),
        Expectation(.get, "/notes?search=" + String(repeating: "x", count: 8200), nil, 414, "target_too_long"),
        Expectation(.get, "/notes?" + (1...33).map { "p\($0)=1" }.joined(separator: "&"), nil, 400, "too_many_parameters"),
        Expectation(.post, "/notes?" + (1...33).map { "p\($0)=1" }.joined(separator: "&"), "{}", 400, "too_many_parameters", .invalid),
        Expectation(.get, "/notes?\(String(repeating: "n", count: 65))=1", nil, 400, "unknown_parameter"),
        Expectation(.get, "/notes?%FF=1", nil, 400, "unknown_parameter"),
        Expectation(.get, "/notes?=1", nil, 400, "unknown_parameter"),
        // Routes and tokens
        Expectation(.get, "/nowhere", nil, 404, "unknown_route"),
        Expectation(.get, "/nowhere", nil, [.authorization: ""], 404, "unknown_route"),
        Expectation(.delete, "/notes/\(id)", nil, 405, "method_not_allowed"),
        Expectation(.trace, "/notes", nil, 405, "method_not_allowed"),
        Expectation(.get, "/notes", nil, [.correlationID: "caf\u{e9}"], 400, "invalid_correlation_id"),
        Expectation(.get, "/notes", nil, [.correlationID: String(repeating: "c", count: 129)], 400, "invalid_correlation_id"),
        Expectation(.post, "/notes", "{}", [.authorization: ""], 401, "missing_token"),
        Expectation(.post, "/notes", "{}", [.authorization: "Basic YTpi"], 401, "missing_token"),
        Expectation(.post, "/notes", "{}", [.authorization: "Bearer nonsense"], 401, "invalid_token"),
        Expectation(.get, "/teapot", nil, 418, "im_a_teapot"),
        Expectation(.get, "/broken", nil, 500, "internal_error"),
    ]

    @Test(arguments: table) func everyRefusalHasItsStatusAndCode(_ expected: Expectation) async throws {
        var configuration = EdgeConfiguration()
        configuration.bodyLimit = expected.code == "payload_too_large" ? 65_536 : 1 << 20
        let service = try await Service(configuration: configuration)
        let response = try await service.send(expected.method, expected.path, expected.body, headers: expected.headers)
        let problem = try response.problem

        #expect(response.status.code == expected.status)
        #expect(problem.code == expected.code)
        #expect(problem.status == expected.status)
        #expect(problem.type == "urn:leftfold:problem:\(expected.code)")
        #expect(!problem.title.isEmpty && !problem.detail.isEmpty)
        #expect(problem.correlationID == response.headers[.correlationID])
        #expect(response.headers[.contentType] == "application/problem+json")
        #expect(response.headers[.contentTypeOptions] == "nosniff")
        #expect(response.headers[.cacheControl] == "no-store")
        #expect(response.headers[.server] == nil)
        #expect((response.headers[.retryAfter] != nil) == (expected.status == 503))
        #expect((response.headers[.wwwAuthenticate] != nil) == (expected.status == 401))
        #expect((response.headers[.allow] != nil) == (expected.status == 405))
        #expect(response.headers[.acceptEncoding] == (expected.code == "unsupported_encoding" ? "identity" : nil))
        // What is long or not to be seen is not repeated.
        #expect(problem.detail.utf8.count < 200 && problem.detail.unicodeScalars.allSatisfy { $0.value >= 0x20 })
        #expect((problem.errors != nil) == (expected.code == "validation_failed"))
        #expect((problem.commandID != nil) == (expected.code == "outcome_unknown"))

        let journal = try await service.store.journal(JournalFilter())
        #expect(journal.map(\.outcome) == (expected.outcome.map { [.refused($0)] } ?? []))
        #expect(journal.map(\.code) == (expected.outcome.map { _ in [expected.code] } ?? []))
    }

    @Test func aFaultTellsTheClientNothingAndTheLogEverythingOnce() async throws {
        let log = Log()
        let service = try await Service(log: log)
        let response = try await service.send(
            .post, Self.bad, #"{"id":"\#(Self.id)","how":"fault"}"#, headers: [.correlationID: "conversation-7"])
        #expect(!response.text.contains("swordfish"))
        let errors = log.lines(.error)
        #expect(errors.count == 1)
        #expect(errors.first?.contains("swordfish") == true && errors.first?.contains("conversation-7") == true)
        #expect(!log.text.contains(service.token))
    }

    @Test func aValidationErrorNamesTheField() async throws {
        let response = try await Service().send(.post, "/notes", #"{"title":""}"#)
        #expect(try response.problem.errors == [ValidationError.Problem(field: "title", problem: "must not be empty")])
    }

    @Test func aPathTellsItsMethods() async throws {
        let response = try await Service().send(.put, "/notes/\(Self.id)")
        #expect(response.headers[.allow] == "GET, HEAD, PATCH")
    }

    @Test func anUnregisteredRouteIsRefusedAtTheStart() async throws {
        let policy = RolePolicy([:])
        #expect(throws: HTTPEdge.UnregisteredRoute.self) {
            try HTTPEdge(
                commands: CommandBus(store: InMemoryEventStore(), policy: policy, commands: []),
                queries: QueryBus(policy: policy, handlers: []), authenticator: Nobody(), routes: Service.routes, logger: .init(label: ""))
        }
    }
}

struct Nobody: Authenticator {
    func authenticate(_ credential: Credential) async throws -> Principal { throw TokenRefusal.invalid }
}
