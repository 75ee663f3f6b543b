import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Leftfold
import Logging
import Testing

@testable import LeftfoldHTTP

/// The contract says what the service does.
@Suite struct ContractTests {
    private static let policy = RolePolicy([:])

    /// Moves a note's title to another note: decided on two streams.
    struct SwapNotes: Command {
        static let permission: Permission = "notes:write"
        let first: UUID
        let second: UUID
        var target: StreamIDs<Note, Note> { StreamIDs(StreamID(first), StreamID(second)) }
        func decide(_ notes: Streams<Note, Note>) throws(Rejected) -> Changes { Changes() }
    }

    private static func parts(hasHealth: Bool = true) -> ContractParts {
        ContractParts(
            info: ServiceInfo(title: "notes", version: "1.2.3"),
            commands: [OpenNote.self, RenameNote.self, BurnNote.self, BreakNote.self, SwapNotes.self],
            queries: [GetNote.self, ListNotes.self, AuditNotes.self], routes: Service.routes, hasHealth: hasHealth, hasMetrics: hasHealth,
            ownRoutes: [.init(method: .get, path: "/files/{name}", isOpen: true)])
    }

    private static func served() async throws -> JSONTree {
        try JSONTree(
            parsing: Array((try await Service().send(.get, "/openapi.json", headers: [.authorization: ""])).body.readableBytesView))
    }

    @Test func everyReferenceResolves() throws {
        let document = Contract(Self.parts()).tree
        var references: [String] = []
        document.visit { tree in if let reference = tree["$ref"]?.text { references.append(reference) } }
        #expect(references.count > 100)
        for reference in Set(references) {
            let found = reference.split(separator: "/").dropFirst().reduce(Optional(document)) { $0?[String($1)] }
            #expect(found != nil, "\(reference) leads nowhere")
        }
    }

    @Test func everyCommandQueryAndRouteIsThereUnderAnIDOfItsOwn() throws {
        let parts = Self.parts()
        let paths = Contract(parts).tree["paths"]?.members ?? [:]
        for route in parts.routes { #expect(paths[route.path]?[route.method.rawValue.lowercased()] != nil) }
        for command in parts.commands { #expect(paths["/commands/\(command.name)"]?["post"] != nil) }
        for query in parts.queries { #expect(paths["/queries/\(query.name)"]?["post"] != nil) }
        for path in ["/", "/openapi.json", "/docs", "/health/live", "/health/ready", "/metrics", "/files/{name}"] {
            #expect(paths[path]?["get"]?["security"] == [], "\(path) needs no token")
        }
        let ids = paths.values.flatMap { $0.members.values.compactMap { $0["operationId"]?.text } }
        #expect(ids.count == Set(ids).count)
        #expect(ids.contains("openNote") && ids.contains("sendOpenNote") && ids.contains("askListNotes"))
    }

    @Test func aSecondRouteOfACommandHasAnotherID() {
        var parts = Self.parts()
        parts.routes.append(.command(.put, "/notes/{id}/title", RenameNote.self))
        let paths = Contract(parts).tree["paths"]
        #expect(paths?["/notes/{id}"]?["patch"]?["operationId"] == "renameNote")
        #expect(paths?["/notes/{id}/title"]?["put"]?["operationId"] == "renameNote2")
    }

    @Test func equalPartsMakeEqualBytes() { #expect(Contract(Self.parts()).json == Contract(Self.parts()).json) }

    @Test func monitoringElsewhereIsNotListed() {
        let paths = Contract(Self.parts(hasHealth: false)).tree["paths"]?.members ?? [:]
        #expect(paths.keys.allSatisfy { !$0.hasPrefix("/health") && $0 != "/metrics" })
    }

    @Test func bodiesAreClosedAndWithoutWhatThePathSays() {
        let paths = Contract(Self.parts()).tree["paths"]
        let create = paths?["/notes"]?["post"]?["requestBody"]?["content"]?["application/json"]?["schema"]
        #expect(create?["required"] == ["title"] && create?["additionalProperties"] == false)
        #expect(create?["properties"]?.members.keys.sorted() == ["id", "title"])
        let rename = paths?["/notes/{id}"]?["patch"]
        #expect(rename?["requestBody"]?["content"]?["application/json"]?["schema"]?["properties"]?.members.keys.sorted() == ["title"])
        #expect(
            rename?["parameters"]?.elements.first == [
                "name": "id", "in": "path", "required": true, "schema": ["type": "string", "format": "uuid"],
            ])
        #expect(paths?["/notes/{id}/burn"]?["post"]?["requestBody"]?["required"] == false)
    }

    @Test func aCommandOnSeveralStreamsHasItsOwnCodesAndAnswers() {
        let document = Contract(Self.parts()).tree
        let swap = document["paths"]?["/commands/SwapNotes"]?["post"]
        #expect(Self.codes(swap, 422, document)?.contains("repeated_stream") == true)
        #expect(Self.codes(document["paths"]?["/notes"]?["post"], 422, document)?.contains("repeated_stream") == false)
        #expect(swap?["responses"]?["200"]?["content"]?["application/json"]?["schema"]?["anyOf"]?.elements.count == 2)
    }

    @Test func whatIsCreatedLeadsToTheOperationsOnIt() {
        let links = Contract(Self.parts()).tree["paths"]?["/notes"]?["post"]?["responses"]?["201"]?["links"]
        #expect(links?.members.keys.sorted() == ["burnNote", "getNote", "renameNote"])
        #expect(links?["getNote"]?["parameters"] == ["path.id": "$response.body#/id", "query.after": "$response.body#/position"])
    }

    /// The same table that the service is held to.
    @Test(arguments: StatusTests.table) func everyRefusalIsSaid(_ expected: Expectation) async throws {
        let document = Contract(Self.parts()).tree
        // Where there is no operation, nothing is promised.
        let unrouted: Set = [
            "unknown_route", "method_not_allowed", "unknown_command", "unknown_query", "im_a_teapot", "internal_error", "malformed_target",
            "target_too_long",
        ]
        if unrouted.contains(expected.code) { return }
        let operation = try #require(Self.operation(expected, document))
        #expect(operation["responses"]?["\(expected.status)"] != nil)
        if let codes = Self.codes(operation, expected.status, document) { #expect(codes.contains(expected.code)) }
    }

    private static func operation(_ expected: Expectation, _ document: JSONTree) -> JSONTree? {
        let segments = (expected.path.split(separator: "?").first ?? "").split(separator: "/")
        let item = document["paths"]?.members.first { path, _ in
            let known = path.split(separator: "/")
            return known.count == segments.count && zip(known, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }
        return item?.value[expected.method.rawValue.lowercased()]
    }

    /// Nil where any code may come.
    private static func codes(_ operation: JSONTree?, _ status: Int, _ document: JSONTree) -> [String]? {
        var response = operation?["responses"]?["\(status)"]
        if let name = response?["$ref"]?.text?.split(separator: "/").last { response = document["components"]?["responses"]?[String(name)] }
        let schema = response?["content"]?["application/problem+json"]?["schema"]?["allOf"]?.elements.last
        return schema?["properties"]?["code"]?["enum"]?.elements.compactMap(\.text)
    }

    // MARK: Served

    @Test func itIsServedToAllAndKnownAgainByItsTag() async throws {
        let service = try await Service()
        let response = try await service.send(.get, "/openapi.json", headers: [.authorization: ""])
        #expect(response.status == .ok)
        #expect(response.headers[.contentType] == "application/json")
        #expect(response.headers[.cacheControl] == "public, no-cache")
        let tag = try #require(response.headers[.eTag])
        let again = try await service.send(.get, "/openapi.json", headers: [.authorization: "", .ifNoneMatch: tag])
        #expect(again.status == .notModified)
        #expect(again.body.readableBytes == 0)
        #expect(Array(response.body.readableBytesView).starts(with: Array(#"{"components":"#.utf8)))
        let own = try await Self.served()["paths"]
        #expect(own?["/open"]?["get"]?["security"] == [])
        #expect(own?["/whoami"]?["get"] != nil && own?["/whoami"]?["get"]?["security"] == nil)
    }

    @Test func theIndexSaysWhereToGo() async throws {
        let response = try await Service().send(.get, "/", headers: [.authorization: ""])
        #expect(response.status == .ok)
        #expect(
            response.text
                == #"{"links":{"docs":"/docs","health":"/health/ready","openapi":"/openapi.json"},"name":"Leftfold","version":"0"}"#)
    }

    @Test func aPageOfTheServicesOwnStaysItsOwn() async throws {
        let queries = QueryBus(policy: Self.policy, handlers: [])
        let edge = try HTTPEdge(
            commands: CommandBus(store: InMemoryEventStore(), policy: Self.policy, commands: []), queries: queries, authenticator: Nobody(),
            logger: .init(label: ""))
        let app = edge.application(open: { $0.get("/") { _, _ in "mine" } })
        let (index, docs) = try await app.test(.router) { client in
            (try await client.execute(uri: "/", method: .get), try await client.execute(uri: "/docs", method: .get))
        }
        #expect(index.text == "mine")
        #expect(docs.status == .ok)
    }

    @Test func theDocsNeedNothingFromElsewhere() async throws {
        let response = try await Service().send(.get, "/docs", headers: [.authorization: ""])
        #expect(response.headers[.contentType] == "text/html; charset=utf-8")
        let policy = try #require(response.headers[.contentSecurityPolicy])
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
        #expect(!policy.contains("unsafe") && !policy.contains("http") && !policy.contains("*"))
        let html = response.text
        // No address of another host, no inline handler: the policy would stop them.
        #expect(!html.contains("http://") && !html.contains("https://") && !html.contains("//cdn"))
        #expect(html.firstMatch(of: #/<[^>]*\son[a-z]+=/#) == nil && !html.contains(" style="))
        for text in ["/notes/{id}", "RenameNote", "note", "validation_failed", "curl -sS", "wrong_expected_version", "openapi.json"] {
            #expect(html.contains(text), "the page does not have \(text)")
        }
    }

    @Test(arguments: [
        (JSONSchema.string(length: 0...5, format: "uuid"), "text (uuid), at most 5 characters"), (.integer(1...5), "integer, 1 to 5"),
        (.integer(0...), "integer, from 0"), (.integer(), "integer"), (.boolean, "boolean"), (.anything, "anything"),
        (.array(of: .integer(0...9)), "list of integer, 0 to 9"), (.map(of: .boolean), "map of boolean"),
        (.string(oneOf: ["a", "<b>"]), "<code>a</code>, <code>&lt;b&gt;</code>"),
        (JSONSchema(["type": ["string", "null"]]), "text or null"),
        (JSONSchema(["$ref": "#/components/schemas/Note"]), "<a href=\"#schema-Note\">Note</a>"),
    ])
    func schemasAreTold(schema: JSONSchema, words: String) { #expect(SchemaText.kind(schema.tree) == words) }

    @Test func whatIsDocumentedCannotBecomeMarkup() {
        #expect(HTML.prose("a <b> & `x<y>`\n\n\"c\"") == "<p>a &lt;b&gt; &amp; <code>x&lt;y&gt;</code></p><p>&quot;c&quot;</p>")
        #expect(HTML.line("one ` alone") == "one ` alone")
        var parts = Self.parts()
        parts.info.title = "</title><script>alert(1)</script>"
        #expect(!DocsPage(Contract(parts)).html.contains("<script>alert"))
    }

    @Test func samplesAreQuotedForAShell() {
        let sample = CurlSample(method: .patch, path: "/a?b=c", body: ["name": "O'Brien $HOME"])
        #expect(
            sample.text == #"""
                curl -sS -X PATCH "$URL/a?b=c" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"name":"O'\''Brien $HOME"}'
                """#)
        #expect(RawJSON(Array(#""a b&\"$é""#.utf8)).inURL == "a%20b%26%22%24%C3%A9")
    }
}

extension JSONTree {
    fileprivate func visit(_ body: (JSONTree) -> Void) {
        body(self)
        for element in elements { element.visit(body) }
        for member in members.values { member.visit(body) }
    }

    fileprivate init(parsing json: [UInt8]) throws {
        if let members = try? StrictJSON.decode([String: RawJSON].self, from: json) {
            self = .object(try members.mapValues { try JSONTree(parsing: $0.bytes) })
        } else if let elements = try? StrictJSON.decode([RawJSON].self, from: json) {
            self = .array(try elements.map { try JSONTree(parsing: $0.bytes) })
        } else if let text = try? StrictJSON.decode(String.self, from: json) {
            self = .string(text)
        } else {
            self = .json(RawJSON(json))
        }
    }
}
