import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Leftfold
import LeftfoldTesting
import Logging
import NIOCore
import Testing

@testable import LeftfoldHTTP

/// Every place of a request where text comes in, with the text that costs careless code most. Eight times as much of it must not cost more
/// than eight times the time, with a lot of slack; and on the way through the running edge not much more than plain text.
@Suite("Hostile Unicode costs its length", .serialized, .timeLimit(.minutes(10))) struct HostileTextTests {
    struct Place: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// In bytes; eight times as much is tried as well.
        var size = 1800
        let read: @Sendable (_ text: String) -> Void

        init(_ name: String, size: Int = 1800, _ read: @escaping @Sendable (_ text: String) -> Void) {
            (testDescription, self.size, self.read) = (name, size, read)
        }
    }

    private static func header(_ name: HTTPField.Name, _ read: @escaping @Sendable (HTTPFields) throws -> Void) -> Place {
        Place("\(name)") { text in
            let headers: HTTPFields = [name: text]
            for _ in 1...20 { try? read(headers) }
        }
    }

    private static func escaped(_ text: String) -> String { PercentEncoding.encode(segment: text) }

    private static func decode<T: Decodable>(_ type: T.Type, _ json: String) { _ = try? StrictJSON.decode(T.self, from: Array(json.utf8)) }

    private enum Colour: String, Decodable { case red, green }
    private struct Everything: Decodable {
        var id: UUID?
        var colour: Colour?
        var words: Set<String>?
        var numbers: [String: Int]?
        var at: Date?
        var cursor: Cursor?
        var raw: RawJSON?
    }

    static let places = [
        header(.authorization) { _ = try Credential($0) },
        header(.idempotencyKey) {
            var context = CommandContext(principal: Principal(subject: "a"))
            try CommandHeaders.read($0, into: &context)
        },
        header(.causationID) { _ = try CorrelationID.readCausation($0) }, header(.correlationID) { _ = try CorrelationID.read($0) },
        header(.ifMatch) { _ = try EntityTag.ifMatch($0) }, header(.ifNoneMatch) { _ = EntityTag.isKnown("\"1\"", $0) },
        header(.contentType) { _ = ContentHeaders.isJSON($0) }, header(.contentEncoding) { _ = ContentHeaders.isPlain($0) },
        header(.contentLength) { _ = ContentHeaders.declaredLength($0) },
        Place("If-None-Match, quoted") { text in
            for _ in 1...20 { _ = EntityTag.isKnown("\"1\"", [.ifNoneMatch: "\"\(text)\", W/\"\(text)\""]) }
        },
        Place("If-Match, quoted") { text in for _ in 1...20 { _ = try? EntityTag.ifMatch([.ifMatch: "\"\(text)\""]) } },
        Place("Content-Type, a parameter") { text in
            for _ in 1...20 { _ = ContentHeaders.isJSON([.contentType: "application/json; x=\"\(text)\""]) }
        },
        Place("a target") { text in for _ in 1...20 { _ = try? RequestTarget.read("/notes/" + text) } },
        Place("a target, escaped") { text in for _ in 1...20 { _ = try? RequestTarget.read("/notes/" + escaped(text)) } },
        Place("a whole URL") { text in for _ in 1...20 { _ = try? RequestTarget.read("http://" + text) } },
        Place("the name of a parameter") { text in _ = try? QueryString(request("/notes?\(escaped(text))=1")) },
        Place("the names of parameters") { text in
            _ = try? QueryString(
                request(
                    "/notes?"
                        + (1...32).map { "\(escaped(HostileText.marks.text(bytes: 60)))\($0)=\(escaped(text))" }.joined(separator: "&")))
        },
        Place("the value of a parameter") { text in _ = try? QueryString(request("/notes?search=\(escaped(text))")) },
        Place("a number in a parameter") { text in _ = try? QueryParameter.integer("limit").value(text) },
        Place("a word in a parameter") { text in _ = try? QueryParameter.boolean("total").value(text) },
        Place("JSON as such", size: 20_000) { decode(Everything.self, $0) },
        Place("a key in JSON", size: 20_000) { decode(Everything.self, #"{"\#($0)":1}"#) },
        Place("many keys in JSON", size: 20_000) { text in
            let keys = (1...text.utf8.count / 100).map { "\"\(HostileText.marks.text(bytes: 90))\($0)\":1" }
            decode(Everything.self, #"{"numbers":{\#(keys.joined(separator: ","))}}"#)
        },
        Place("an id in JSON", size: 20_000) { decode(Everything.self, #"{"id":"\#($0)"}"#) },
        Place("a choice in JSON", size: 20_000) { decode(Everything.self, #"{"colour":"\#($0)"}"#) },
        Place("a set in JSON", size: 20_000) { decode(Everything.self, #"{"words":["\#($0)","\#($0)b"]}"#) },
        Place("a dictionary in JSON", size: 20_000) { decode(Everything.self, #"{"numbers":{"\#($0)":1,"b":"x"}}"#) },
        Place("a time in JSON", size: 20_000) { decode(Everything.self, #"{"at":"\#($0)"}"#) },
        Place("a cursor in JSON", size: 20_000) { decode(Everything.self, #"{"cursor":"\#($0)"}"#) },
        Place("raw JSON", size: 20_000) { decode(Everything.self, #"{"raw":{"a":"\#($0)"}}"#) },
        Place("what messages repeat", size: 20_000) { text in
            _ = RequestRefusal.repeatedParameter(text.utf8)
            _ = UnknownName.command(text)
        },
        Place("a subject", size: 20_000) { _ = PrincipalName.objection(toSubject: $0) },
        Place("an origin") { _ = Origin(rawValue: "https://" + $0) },
    ]

    private static func request(_ path: String) -> Request {
        Request(head: HTTPRequest(method: .get, scheme: "http", authority: "x", path: path), body: .init(buffer: ByteBuffer()))
    }

    @Test("wherever it is read", arguments: places)
    func everyPlace(_ place: Place) {
        for kind in HostileText.allCases {
            let growth = Growth.measure(place.size) { size in place.read(kind.text(bytes: size)) }
            #expect(growth.isLinear, "\(place.testDescription), \(kind): \(growth)")
        }
    }

    @Test("names of commands and queries")
    func names() async throws {
        let service = try await Service()
        let principal = Principal(subject: "ada", roles: ["writer"])
        for kind in HostileText.allCases {
            let surcharge = await Surcharge.measure(kind, bytes: 1 << 20) { name in
                _ = try? await service.commands.send(named: name, json: [], CommandContext(principal: principal))
                _ = try? await service.queries.ask(named: name, json: [], QueryContext(principal: principal, correlationID: "c"))
            }
            #expect(surcharge.isSmall, "\(kind): \(surcharge)")
        }
    }

    /// Also those that we do not read: somebody between the socket and us may.
    static let headers = [
        "Accept", "Authorization", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Cookie", "Expect", "Host",
        "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID", "Leftfold-Position", "Origin", "Traceparent", "Transfer-Encoding",
        "Upgrade", "User-Agent", "X-Causation-Id", "X-Correlation-Id", "X-Unknown",
    ]

    @Test("headers, on their way through the running edge", arguments: headers)
    func headersOfTheEdge(_ name: String) async throws {
        try await Self.measure(name, 15_000) { service, text in
            """
            POST /notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(service.token)\r\nContent-Type: application/json\r\n\
            \(name): \(text)\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}
            """
        }
    }

    @Test(
        "targets, on their way through the running edge",
        arguments: ["/%@", "/notes/%@", "/commands/%@", "/notes?%@=1", "/notes?search=%@", "/notes?limit=%@", "/notes?after=%@"])
    func targetsOfTheEdge(_ path: String) async throws {
        for isEscaped in [false, true] {
            try await Self.measure(path, isEscaped ? 2600 : 15_000) { service, text in
                """
                GET \(path.replacing("%@", with: isEscaped ? Self.escaped(text) : text)) HTTP/1.1\r\nHost: x\r\n\
                Authorization: Bearer \(service.token)\r\nConnection: close\r\n\r\n
                """
            }
        }
    }

    @Test(
        "bodies, on their way through the running edge",
        arguments: [
            "%@", #"{"%@":1}"#, #"{"id":"%@"}"#, #"{"title":"%@"}"#, #"{"title":["%@"]}"#, #"{"title":{"%@":"%@"}}"#,
        ])
    func bodiesOfTheEdge(_ body: String) async throws {
        try await Self.measure(body, 200_000) { service, text in
            let body = body.replacing("%@", with: text)
            return """
                POST /notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(service.token)\r\nContent-Type: application/json\r\n\
                Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)
                """
        }
    }

    private static func measure(_ place: String, _ size: Int, _ request: @Sendable @escaping (Service, String) -> String) async throws {
        let service = try await Service()
        try await service.app.test(.live) { client in
            for kind in [HostileText.disorderedMarks, .marks, .expanding] {
                let surcharge = try await Surcharge.measure(kind, bytes: size) { text in
                    let answer = try await RawConnection.exchange(port: client.port, [request(service, text)], thenEnds: true)
                    #expect(answer.hasPrefix("HTTP/1.1 ") && !answer.hasPrefix("HTTP/1.1 500"), "\(place): \(answer.prefix(500))")
                }
                #expect(surcharge.isSmall, "\(place), \(kind): \(surcharge)")
            }
        }
    }
}
