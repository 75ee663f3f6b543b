import Foundation
import LeftfoldTesting
import NIOCore
import NIOHTTP1
import Testing

@testable import LeftfoldHTTP

/// RFC 9110 and RFC 9112 on the wire: each row is what a client sends, what it is answered, and whether the connection goes on.
@Suite("HTTP on the wire", .timeLimit(.minutes(10))) struct FramingTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let name: String
        let request: String
        let statuses: [Int]
        /// The connection goes on: another request is answered.
        var goesOn = false
        var code: String?
        var testDescription: String { name }

        init(_ name: String, _ request: String, _ statuses: Int..., goesOn: Bool = false, code: String? = nil) {
            (self.name, self.request, self.statuses, self.goesOn, self.code) = (name, request, statuses, goesOn, code)
        }

        static func malformed(_ name: String, _ request: String) -> Row { Row(name, request, 400, code: "malformed_request") }
    }

    private static func get(_ fields: String..., host: String? = "x", version: String = "1.1") -> String {
        "GET /open HTTP/\(version)\r\n" + (host.map { "Host: \($0)\r\n" } ?? "") + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    private static func post(_ fields: String..., body: String = "", version: String = "1.1") -> String {
        "POST /open HTTP/\(version)\r\nHost: x\r\nContent-Type: application/json\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n" + body
    }

    static let hosts: [Row] =
        [.malformed("no Host", get(host: nil)), .malformed("two Hosts", get("Host: x")), .malformed("two different Hosts", get("host: y"))]
        + ["", "a b", "a/b", "me@x", "[::1", "[]", "[::1]x", "x:port", "x:123456", "x:1:2", "bücher", "x,y\"", "<x>"].map {
            .malformed("Host: \($0 as String)", get(host: $0))
        }
        + ["x", "x.example:80", "x:", "192.0.2.1:8080", "[::1]:8080", "xn--bcher-kva.example", "a_b"].map {
            Row("Host: \($0 as String)", get(host: $0), 200, goesOn: true)
        }
        + [Row("absolute form", "GET http://x/open HTTP/1.1\r\nHost: x\r\n\r\n", 200, goesOn: true)]

    static let ends: [Row] =
        ["close", "Close", "CLOSE", "keep-alive, close", "close , x", "\tclose\t,"].map {
            Row("Connection: \($0)", get("Connection: \($0)"), 200)
        }
        + [
            Row("Connection in two fields", get("Connection: keep-alive", "connection: close"), 200),
            Row("Connection: keep-alive", get("Connection: keep-alive"), 200, goesOn: true),
            Row("Connection: closed", get("Connection: closed, x-close"), 200, goesOn: true),
            Row("HTTP/1.0", get(version: "1.0"), 200), Row("HTTP/1.0 without Host", get(host: nil, version: "1.0"), 200),
            Row("HTTP/1.0, keep-alive", get("Connection: keep-alive", version: "1.0"), 200),
            .malformed("HTTP/1.0 with two Hosts", get("Host: x", version: "1.0")), .malformed("HTTP/2.0", get(version: "2.0")),
            .malformed("HTTP/0.9", get(version: "0.9")),
            Row("Upgrade", get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"), 200),
            Row("bytes behind an Upgrade", get("Connection: Upgrade", "Upgrade: x") + "what is no HTTP", 200),
            .malformed("Upgrade with a body", post("Upgrade: x", "Content-Length: 2", body: "{}")),
            .malformed("CONNECT", "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n"),
            .malformed("Connection that is no ASCII", get("Connection: clóse")),
            Row("requests behind the last one", get("Connection: close") + get() + "nonsense\r\n\r\n", 200),
        ]

    static let framing: [Row] = [
        .malformed("Content-Length twice", post("Content-Length: 2", "Content-Length: 2", body: "{}")),
        .malformed("different Content-Lengths", post("Content-Length: 2", "Content-Length: 3", body: "{}")),
        .malformed("a list of Content-Lengths", post("Content-Length: 2, 2", body: "{}")),
        .malformed("Content-Length: +2", post("Content-Length: +2", body: "{}")),
        .malformed("Content-Length: -2", post("Content-Length: -2", body: "{}")),
        .malformed("Content-Length: 0x2", post("Content-Length: 0x2", body: "{}")),
        .malformed("Content-Length:", post("Content-Length:", body: "{}")),
        .malformed("Content-Length: 99999999999999999999", post("Content-Length: 99999999999999999999", body: "{}")),
        .malformed("both framings", post("Transfer-Encoding: chunked", "Content-Length: 2", body: "2\r\n{}\r\n0\r\n\r\n")),
        .malformed(
            "both framings, the other way round", post("Content-Length: 2", "Transfer-Encoding: chunked", body: "2\r\n{}\r\n0\r\n\r\n")),
        .malformed("gzip, chunked", post("Transfer-Encoding: gzip, chunked", body: "2\r\n{}\r\n0\r\n\r\n")),
        .malformed("chunked, gzip", post("Transfer-Encoding: chunked, gzip", body: "2\r\n{}\r\n0\r\n\r\n")),
        .malformed("chunked, chunked", post("Transfer-Encoding: chunked, chunked", body: "2\r\n{}\r\n0\r\n\r\n")),
        .malformed("chunked twice", post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body: "2\r\n{}\r\n0\r\n\r\n")),
        .malformed("identity", post("Transfer-Encoding: identity", body: "")), .malformed("xchunked", post("Transfer-Encoding: xchunked")),
        .malformed("chunked in HTTP/1.0", post("Transfer-Encoding: chunked", body: "0\r\n\r\n", version: "1.0")),
        .malformed("a folded field", get("X-Folded: a\r\n b")), .malformed("a blank before the colon", get("X-Blank : a")),
        .malformed("a bare CR", get("X-Bare: a\rb")), .malformed("NUL", get("X-Nul: a\u{0}b")),
        .malformed("lines that end with LF", "GET /open HTTP/1.1\nHost: x\n\n"), .malformed("a field without a name", get(": a")),
        .malformed("a bare LF between fields", "GET /open HTTP/1.1\r\nHost: x\nX-Other: a\r\n\r\n"),
        .malformed("a field that begins with a blank", "GET /open HTTP/1.1\r\n Host: x\r\n\r\n"),
        .malformed("a chunk size that is none", post("Transfer-Encoding: chunked", body: "-1\r\n\r\n")),
        .malformed("a chunk that is longer than it says", post("Transfer-Encoding: chunked", body: "1\r\n{}\r\n0\r\n\r\n")),
    ]

    static let expectations: [Row] = [
        Row("another expectation", post("Expect: 200-ok", "Content-Length: 2", body: "{}"), 417, code: "expectation_failed"),
        Row("another expectation beside it", post("Expect: 100-continue, x", "Content-Length: 2"), 417, code: "expectation_failed"),
        Row("without a body", get("Expect: 100-Continue"), 200, goesOn: true),
        Row("in HTTP/1.0", get("Expect: 200-ok", version: "1.0"), 200),
    ]

    @Test(arguments: hosts + ends + framing + expectations)
    func row(_ row: Row) async throws {
        let service = try await Service()
        try await service.running { port in
            // What follows is answered where the connection goes on, and is nobody's where it does not.
            let text = try await RawConnection.exchange(port: port, [row.request + Self.get("Connection: close")])
            let statuses = text.statuses
            #expect(statuses == (row.goesOn ? row.statuses + [200] : row.statuses), "\(text.prefix(2000))")
            let endings = text.lowercased().components(separatedBy: "\r\nconnection: close\r\n").count - 1
            #expect(endings == 1, "\(text.prefix(2000))")
            if let code = row.code { #expect(text.contains(#""code":"\#(code)""#), "\(text.prefix(2000))") }
        }
    }

    // MARK: Expect: 100-continue

    private func create(_ service: Service, token: String?, _ fields: String = "") -> String {
        let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        return """
            POST /notes HTTP/1.1\r\nHost: x\r\n\(authorization)Content-Type: application/json\r\nExpect: 100-continue\r\n\
            Content-Length: 15\r\n\(fields)\r\n
            """
    }

    @Test func whoMaySendABodyIsToldToGoOn() async throws {
        let service = try await Service()
        try await service.running { port in
            let client = try await RawClient.open(port: port)
            client.send(create(service, token: service.token))
            try await client.answers()
            #expect(client.text == "HTTP/1.1 100 Continue\r\n\r\n")
            client.send(#"{"title":"one"}"#)
            try await client.answers(2)
            #expect(client.statuses == [100, 201])
            // A client that does not wait is not told.
            client.send(create(service, token: service.token) + #"{"title":"two"}"#)
            try await client.answers(3)
            #expect(client.statuses.last == 201)
            client.close()
        }
    }

    @Test func whoMayNotIsRefusedUnread() async throws {
        let service = try await Service()
        try await service.running { port in
            let client = try await RawClient.open(port: port)
            client.send(create(service, token: nil))
            try await client.ends()
            #expect(client.statuses == [401])
            #expect(client.text.lowercased().contains("connection: close"))
        }
    }

    @Test func whoDidNotWaitForItHasNoMoreTimeThanOthers() async throws {
        var configuration = EdgeConfiguration()
        configuration.idleTimeout = .seconds(4)
        try await Service(configuration: configuration).running { port in
            let client = try await RawClient.open(port: port)
            client.send(Self.get("Expect: 100-continue", "Content-Length: 1") + "x")
            try await client.ends()
            #expect(client.statuses.last == 200 && !client.text.lowercased().contains("connection: close"))
        }
    }

    // MARK: Order and ends

    @Test func aRefusalDoesNotEndWhatIsAskedBehindIt() async throws {
        try await Service().running { port in
            let client = try await RawClient.open(port: port)
            // Refused alone, it would end the connection: more might follow.
            client.send(
                "POST /notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
                    + Self.get())
            try await client.answers(2)
            #expect(client.statuses == [401, 200] && !client.text.lowercased().contains("connection: close"))
            client.send(Self.get())
            try await client.answers(3)
            client.close()
        }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        let service = try await Service()
        try await service.running { port in
            let ids = (1...20).map { "c-\($0)" }
            let client = try await RawClient.open(port: port)
            client.send(
                "GET /held HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(service.token)\r\n\r\n"
                    + ids.map { Self.get("X-Correlation-Id: \($0)") }.joined()
                    + "GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            try await eventually("the first is held") { service.latch.count == 1 }
            #expect(client.text.isEmpty)
            service.latch.open()
            try await client.ends()
            #expect(client.statuses == [200] + ids.map { _ in 200 } + [404])
            #expect(client.text.matches(of: /\r\n\r\n(c-\d+)/).map { String($0.output.1) } == ids)
        }
    }

    @Test func noAnswerThatNobodyAskedFor() async throws {
        var configuration = EdgeConfiguration()
        (configuration.headerDeadline, configuration.idleTimeout) = (.seconds(300), .seconds(1))
        try await Service(configuration: configuration).running { port in
            let silent = try await RawClient.open(port: port)
            try await silent.ends()
            #expect(silent.text.isEmpty)
            // On a busy machine it may have been idle for too long before it asked.
            var statuses: [Int] = []
            try await eventually("it is answered") {
                let answered = try await RawClient.open(port: port)
                answered.send(Self.get())
                try await answered.ends()
                statuses = answered.statuses
                return !statuses.isEmpty
            }
            #expect(statuses == [200])
        }
        (configuration.headerDeadline, configuration.idleTimeout) = (.milliseconds(200), .seconds(300))
        try await Service(configuration: configuration).running { port in
            let half = try await RawClient.open(port: port)
            half.send("GET /open HT")
            try await half.ends()
            #expect(half.statuses == [408])
        }
    }

    @Test func aSlowBodyIsNotWaitedForUntilTheDeadline() async throws {
        var configuration = EdgeConfiguration()
        (configuration.minimumBodyRate, configuration.bodyGrace) = (1 << 20, .milliseconds(200))
        (configuration.requestDeadline, configuration.lingering) = (.seconds(600), .milliseconds(100))
        let service = try await Service(configuration: configuration)
        let head =
            "POST /notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(service.token)\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
        try await service.running { port in
            let client = try await RawClient.open(port: port)
            client.send(head)
            try await client.ends()
            #expect(client.statuses == [408] && client.text.contains("request_timeout"))
        }
    }

    @Test func aRefusedUploadIsToldWhy() async throws {
        let service = try await Service()
        try await service.running { port in
            for length in [3 << 20, 900 << 10] {
                let head =
                    "POST /notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: \(length)\r\n\r\n"
                let text = try await RawConnection.exchange(port: port, [head, String(repeating: " ", count: length)])
                #expect(text.statuses == [401])
            }
        }
    }

    @Test func refusalsOfTheConnectionCanBeReadByPages() async throws {
        var configuration = EdgeConfiguration()
        configuration.allowedOrigins = [try #require(Origin(rawValue: "https://app.example.com"))]
        let service = try await Service(configuration: configuration)
        try await service.running { port in
            for (origin, isAllowed) in [("https://app.example.com", true), ("https://other.example.com", false)] {
                let text = try await RawConnection.exchange(port: port, [Self.get("Expect: x", "Origin: \(origin)")])
                #expect(text.statuses == [417])
                #expect(text.lowercased().contains("access-control-allow-origin: \(origin)\r\n") == isAllowed)
                #expect(text.lowercased().contains("vary: origin\r\n"))
            }
        }
    }

    @Test func onlyTheTimeCountsInWhichMoreIsWanted() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var progress = BodyProgress(rate: 1000, grace: .seconds(5))
        progress.want(at: start)
        #expect(!progress.isTooSlow(at: start + .seconds(5)))
        #expect(progress.isTooSlow(at: start + .seconds(6)))
        progress.receive(2000)
        #expect(!progress.isTooSlow(at: start + .seconds(6)))
        progress.stopWanting(at: start + .seconds(6))
        #expect(!progress.isTooSlow(at: start + .seconds(600)))
        progress.want(at: start + .seconds(600))
        #expect(progress.nextCheck(at: start + .seconds(600)) == start + .seconds(601) + .milliseconds(1))
        #expect(progress.isTooSlow(at: start + .seconds(602)))
    }
}
