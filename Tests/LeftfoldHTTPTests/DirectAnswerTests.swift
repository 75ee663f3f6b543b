import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Leftfold
import LeftfoldTesting
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Synchronization
import Testing

@testable import LeftfoldHTTP

/// What is answered on the event loop is what the routes would have answered.
@Suite("Direct answers", .timeLimit(.minutes(10)))
struct DirectAnswerTests {
    /// An edge over kept answers, and how many requests its router saw.
    private final class Kept: Sendable {
        struct Piece: Query {
            struct Answer: Codable, Sendable { var text: String, version: Int64 }
            static let permission: Permission = "notes:read"
            static let reads: [ProjectionName] = ["pieces"]
            static let timeout = Duration.seconds(60)
            let id: String
            func dependencies(of answer: Answer) -> Dependencies { ["piece/\(id)"] }
        }

        /// Without a version.
        struct Pieces: Query {
            typealias Answer = [String]
            static let permission: Permission = "notes:read"
            static let reads: [ProjectionName] = ["pieces"]
            static let timeout = Duration.seconds(60)
            let limit: Int?
            func dependencies(of answer: Answer) -> Dependencies { ["pieces"] }
        }

        let progress = ReadModelProgress()
        let position = Mutex<GlobalPosition>(1)
        let routed = Mutex(0)
        let edge: HTTPEdge
        let issuer: TokenIssuer

        init(_ change: (inout EdgeConfiguration) -> Void = { _ in }) async throws {
            progress.beganListening()
            _ = progress.learn([ReadModelSighting("pieces", "pieces.1", at: 1)], since: progress.start())
            var configuration = EdgeConfiguration()
            configuration.requestLogLevel = .trace
            change(&configuration)
            let keys = try await JSONWebKeySet(Service.keys)
            issuer = try TokenIssuer(keys: keys, issuer: "tests", audience: "notes")
            let policy = RolePolicy(["reader": ["notes:read"]])
            let queries = QueryBus(
                policy: policy,
                handlers: [
                    QueryHandler(Piece.self, isCacheable: true) { query, context in
                        if let after = context.after, after > 100 { throw NotYetVisible(wanted: after, reached: 1) }
                        guard query.id != "none" else { throw NotFound(code: "piece_not_found", "There is no such piece.") }
                        return Answered(Piece.Answer(text: "piece \(query.id)", version: 7), at: 1)
                    },
                    QueryHandler(Pieces.self, isCacheable: true) { query, _ in
                        Answered((0..<(query.limit ?? 3)).map { "piece \($0)" }, at: 1)
                    },
                ],
                cache: QueryCache(progress))
            var logger = Logger(label: "test") { _ in LogCollector(Log()) }
            logger.logLevel = .debug
            edge = try HTTPEdge(
                commands: CommandBus(store: InMemoryEventStore(), policy: policy, commands: []), queries: queries,
                authenticator: TokenVerifier(keys: keys, issuer: "tests", audience: "notes"),
                routes: [
                    .query("/pieces/{id}", Piece.self, version: \.version),
                    .query("/others/{id}", Piece.self),
                    .query("/pieces", Pieces.self, parameters: [.integer("limit")]),
                ], configuration: configuration, logger: logger)
        }

        struct Counter: RouterMiddleware {
            let kept: Kept
            @concurrent func handle(
                _ request: Request, context: EdgeContext, next: @concurrent (Request, EdgeContext) async throws -> Response
            ) async throws -> Response {
                kept.routed.withLock { $0 += 1 }
                return try await next(request, context)
            }
        }

        var app: any ApplicationProtocol { edge.application(open: { $0.add(middleware: Counter(kept: self)) }) }
        var count: Int { routed.withLock { $0 } }
        var token: String { get throws { try issuer.issue(subject: "ada", roles: ["reader"]) } }

        func announce(_ touched: Dependencies) {
            position.withLock { position in
                progress.advanced("pieces.1", from: position, to: position.next, touching: touched)
                position = position.next
            }
        }
    }

    private static func isStable(_ field: HTTPField) -> Bool {
        ![HTTPField.Name.date, .correlationID, .cacheStatus].contains(field.name)
    }

    @Test(
        "have the status, the fields and the bytes of the routes' answers",
        arguments: [
            [:], [.ifNoneMatch: "\"7\""], [.ifNoneMatch: "W/\"7\", \"x\""], [.ifNoneMatch: "\"8\""], [.leftfoldPosition: "1"],
            [.correlationID: "mine"], [.accept: "application/json"], [.accept: "image/avif,*/*"], [.userAgent: "curl/8"],
        ] as [HTTPFields], ["/pieces/a", "/pieces", "/pieces?limit=10"])
    func same(_ more: HTTPFields, target: String) async throws {
        let (direct, routed) = (try await Kept(), try await Kept { $0.answersDirectly = false })
        var fields: HTTPFields = [.authorization: "Bearer \(try direct.token)"]
        fields.append(contentsOf: more)
        let headers = fields
        func ask(_ kept: Kept) async throws -> (TestResponse, routed: Int) {
            try await kept.app.test(.live) { client in
                for _ in 0..<3 { _ = try await client.execute(uri: target, method: .get, headers: headers) }
                return (try await client.execute(uri: target, method: .get, headers: headers), kept.count)
            }
        }
        let (one, other) = (try await ask(direct), try await ask(routed))
        #expect((one.routed, other.routed) == (1, 4))
        #expect(one.0.status == other.0.status)
        #expect(one.0.body == other.0.body)
        #expect(Set(one.0.headers.filter(Self.isStable)) == Set(other.0.headers.filter(Self.isStable)))
        #expect(one.0.headers[.cacheStatus] == other.0.headers[.cacheStatus])
        #expect(one.0.headers[.date]?.utf8.count == other.0.headers[.date]?.utf8.count)
        #expect(one.0.headers[.correlationID] == more[.correlationID] ?? one.0.headers[.correlationID])
    }

    @Test("end when what they depend on is touched, and only then")
    func touched() async throws {
        let kept = try await Kept()
        let headers: HTTPFields = [.authorization: "Bearer \(try kept.token)"]
        try await kept.app.test(.live) { client in
            func ask() async throws -> String? {
                try await client.execute(uri: "/pieces/a", method: .get, headers: headers).headers[.leftfoldPosition]
            }
            #expect(try await ask() == "1" && kept.count == 1)
            kept.announce(["piece/b"])
            #expect(try await ask() == "2" && kept.count == 1)
            kept.announce(["piece/a"])
            _ = try await ask()
            #expect(kept.count == 2)
            kept.progress.stoppedListening()
            _ = try await ask()
            #expect(kept.count == 3)
        }
    }

    /// What is to be asked, of whom, and how it is answered.
    struct Detour: Sendable, CustomTestStringConvertible {
        let what: String
        var method = HTTPRequest.Method.get
        var path = "/pieces/a"
        var fields: HTTPFields = [:]
        var roles = ["reader"]
        let status: Int
        var testDescription: String { what }
    }

    @Test(
        "are not given where more is asked",
        arguments: [
            Detour(what: "no permission", roles: ["guest"], status: 403),
            Detour(what: "no valid token", fields: [.authorization: "Bearer nonsense"], status: 401),
            Detour(what: "a later position", fields: [.leftfoldPosition: "1000"], status: 503),
            Detour(what: "a session", fields: [.leftfoldSession: "new"], status: 200),
            Detour(what: "no correlation id", fields: [.correlationID: "é"], status: 400),
            Detour(what: "no position", fields: [.leftfoldPosition: "x"], status: 400),
            Detour(what: "another parameter", path: "/pieces/a?x=1", status: 400),
            Detour(what: "another spelling", path: "/pieces/%61", status: 200),
            Detour(what: "nothing there", path: "/pieces/none", status: 404),
            Detour(what: "another method", method: .delete, status: 405),
        ])
    func detours(_ detour: Detour) async throws {
        let kept = try await Kept()
        let (token, own) = (try kept.token, try kept.issuer.issue(subject: "bob", roles: detour.roles))
        try await kept.app.test(.live) { client in
            for _ in 0..<2 { _ = try await client.execute(uri: "/pieces/a", method: .get, headers: [.authorization: "Bearer \(token)"]) }
            #expect(kept.count == 1)
            var fields: HTTPFields = [.authorization: "Bearer \(own)"]
            for field in detour.fields { fields[field.name] = field.value }
            let response = try await client.execute(uri: detour.path, method: detour.method, headers: fields)
            #expect(response.status.code == detour.status)
            // Without a correlation id a request gets no further than the outermost layer.
            #expect(kept.count == (detour.fields[.correlationID] == nil ? 2 : 1))
        }
    }

    @Test("come in the order of the requests, among others")
    func ordered() async throws {
        let kept = try await Kept()
        let token = try kept.token
        try await kept.app.test(.live) { client in
            _ = try await client.execute(uri: "/pieces/a", method: .get, headers: [.authorization: "Bearer \(token)"])
            let connection = try await RawClient.open(port: client.port)
            let targets = ["/pieces/a", "/pieces/b", "/pieces/a", "/pieces/none", "/pieces/a", "/pieces/a", "/pieces/b"]
            try await connection.say(
                targets.map { "GET \($0) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n\r\n" }.joined())
            try await eventually("all answers") { connection.text.components(separatedBy: "HTTP/1.1 ").count == targets.count + 1 }
            try await eventually("the last body") { connection.text.hasSuffix("}") }
            let answers = connection.text.components(separatedBy: "HTTP/1.1 ").dropFirst()
            let heard = answers.map { $0.contains("\"piece a\"") ? "/pieces/a" : $0.contains("\"piece b\"") ? "/pieces/b" : "/pieces/none" }
            #expect(heard == targets)
            connection.close()
        }
    }

    @Test("count like others where requests are limited")
    func limited() async throws {
        let kept = try await Kept {
            $0.limits.rate = 0.001
            $0.limits.burst = 3
        }
        let headers: HTTPFields = [.authorization: "Bearer \(try kept.token)"]
        let statuses = try await kept.app.test(.live) { client in
            var statuses: [Int] = []
            for number in 0..<4 {
                // One that is not true any more is asked for twice, and counted once.
                if number == 1 { kept.announce(["piece/a"]) }
                statuses.append(try await client.execute(uri: "/pieces/a", method: .get, headers: headers).status.code)
            }
            return statuses
        }
        #expect(statuses == [200, 200, 200, 429])
    }

    @Test("have the tag of their own route")
    func tags() async throws {
        let kept = try await Kept()
        let headers: HTTPFields = [.authorization: "Bearer \(try kept.token)"]
        try await kept.app.test(.live) { client in
            func tag(_ target: String) async throws -> String? {
                try await client.execute(uri: target, method: .get, headers: headers).headers[.eTag]
            }
            let other = try await tag("/others/a")
            for _ in 0..<3 {
                #expect(try await tag("/others/a") == other)
                #expect(try await tag("/pieces/a") == "\"7\"")
            }
            #expect(kept.count == 2)
        }
    }

    private struct Somebody: Authenticator {
        func authenticate(_ credential: Credential) async throws -> Principal { Principal(subject: "s") }
        func known(_ credential: Credential) -> Principal? { Principal(subject: "s") }
    }

    private struct Fixed: DirectQuestion {
        func find(_ context: QueryContext) -> (answer: EncodedAnswer, tag: String, position: GlobalPosition)? {
            (EncodedAnswer(Array("{}".utf8)), "\"1\"", 1)
        }
    }

    @Test("are left to the routes while the client does not take what it was sent")
    func unread() throws {
        let answers = DirectAnswers(
            Somebody(), RequestLedger(RequestLimits()), RequestTimers(), LogHistory(), isCrossOrigin: false)
        answers.learn("/x", "/x", Fixed())
        let channel = EmbeddedChannel(handler: DirectAnswerHandler(answers))
        func request() throws {
            let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/x", headers: ["Host": "x", "Authorization": "Bearer t"])
            try channel.writeInbound(HTTPServerRequestPart.head(head))
            try channel.writeInbound(HTTPServerRequestPart.end(nil))
        }
        try request()
        #expect(try channel.readInbound(as: HTTPServerRequestPart.self) == nil)
        #expect(try channel.readOutbound(as: HTTPServerResponsePart.self) != nil)
        channel.isWritable = false
        try request()
        #expect(try channel.readInbound(as: HTTPServerRequestPart.self) != nil)
        _ = try channel.finish()
    }

    @Test(arguments: [(0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT")])
    func dates(second: Int, text: String) { #expect(HTTPDate.text(second) == text) }
}
