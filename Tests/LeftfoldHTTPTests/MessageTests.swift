import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Leftfold
import Testing

@testable import LeftfoldHTTP

/// HTTP as the RFCs say it, where it is not refused.
@Suite("A request", .timeLimit(.minutes(10))) struct MessageTests {
    @Test(
        "says its media type in any spelling",
        arguments: [
            "application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8",
            #"application/json ; charset="utf-8""#, #"application/json; charset="\u\tf-8""#, "application/json; CHARSET=utf-8",
            "application/json; profile=\"a;b\"; charset=utf-8", "application/json; version=2", "application/json;", " application/json",
        ])
    func mediaType(_ type: String) async throws {
        let response = try await Service().send(.post, "/notes", #"{"title":"one"}"#, headers: [.contentType: type])
        #expect(response.status == .created)
    }

    @Test("may say that its body is not encoded", arguments: ["identity", "IDENTITY", "identity, identity", ","])
    func encoding(_ coding: String) async throws {
        let response = try await Service().send(.post, "/notes", #"{"title":"one"}"#, headers: [.contentEncoding: coding])
        #expect(response.status == .created)
    }

    @Test(
        "names new resources by a path that leads to them",
        arguments: ["/notes", "/notes/", "/notes?", "http://x/notes", "HTTPS://x:1/notes/?"])
    func location(_ target: String) async throws {
        let service = try await Service()
        let key = UUID()
        let response = try await service.send(.post, target, #"{"title":"one"}"#, headers: [.idempotencyKey: key.uuidString])
        #expect(response.status == .created)
        #expect(response.headers[.location] == "/notes/\(key.uuidString.lowercased())")
        #expect(try await service.send(.get, try #require(response.headers[.location])).status == .ok)
    }

    @Test("is carried out where one of the versions that If-Match names is there")
    func ifMatch() async throws {
        let service = try await Service()
        let id = try await service.open()
        func rename(_ title: String, _ fields: String...) async throws -> Int {
            let headers = HTTPFields(fields.map { HTTPField(name: .ifMatch, value: $0) })
            return try await service.send(.patch, "/notes/\(id)", #"{"title":"\#(title)"}"#, headers: headers).status.code
        }
        #expect(try await rename("two", #""7", "1""#) == 200)
        #expect(try await rename("three", #""7" ,, "1""#) == 412)
        #expect(try await rename("three", #""9""#, #""2""#) == 200)
        #expect(try await rename("four", #"W/"3""#) == 412)
        #expect(try await rename("four", #"W/"9", "3""#) == 200)
        #expect(try await rename("five", "*") == 200)
        #expect(try await service.store.head() == 5)
    }

    @Test(
        "is answered 304 where If-None-Match names the version",
        arguments: [
            (#""1""#, true), (#"W/"1""#, true), (#""7", "1""#, true), (#""7","1""#, true), ("*", true), (#""a,b", "1""#, true),
            (#", ,W/"7" ,W/"1","#, true), (#""1,7""#, false), (#""7""#, false), ("1", false), (#""1"#, false), (#"w/"1""#, false),
            (#"*, "1""#, false), (#""7"" 1""#, false), ("", false), ("\"1\u{301}\"", false),
        ])
    func ifNoneMatch(_ field: String, _ isKnown: Bool) async throws {
        let service = try await Service()
        let id = try await service.open()
        let response = try await service.send(.get, "/notes/\(id)", headers: [.ifNoneMatch: field])
        #expect(response.status == (isKnown ? .notModified : .ok))
    }

    @Test("may spread its list of versions over several headers")
    func severalFields() async throws {
        let service = try await Service()
        let id = try await service.open()
        let headers = HTTPFields([HTTPField(name: .ifNoneMatch, value: #""7""#), HTTPField(name: .ifNoneMatch, value: #""1""#)])
        #expect(try await service.send(.get, "/notes/\(id)", headers: headers).status == .notModified)
    }

    /// All that is there to be read, open or not.
    @Test(
        "HEAD is answered like GET, without the body",
        arguments: [
            "/notes", "/notes/{id}", "/open", "/whoami", "/health/live", "/health/ready", "/metrics", "/nowhere", "/notes?limit=x", "//",
        ])
    func head(_ path: String) async throws {
        let service = try await Service()
        let path = path.replacing("{id}", with: "\(try await service.open())")
        @Sendable func request(_ method: String, _ path: String, _ more: String = "") -> String {
            "\(method) \(path) HTTP/1.1\r\nHost: x\r\nX-Correlation-Id: c\r\nAuthorization: Bearer \(service.token)\r\n\(more)\r\n"
        }
        // What follows on the same connection shows where the answer before it ended.
        let (get, head) = try await service.app.test(.live) { client in
            try await (
                RawConnection.exchange(port: client.port, [request("GET", path), request("GET", "/open", "Connection: close\r\n")]),
                RawConnection.exchange(port: client.port, [request("HEAD", path), request("GET", "/open", "Connection: close\r\n")])
            )
        }
        let (gotten, headed) = (try Self.split(get), try Self.split(head))
        #expect(gotten.status == headed.status)
        #expect(headed.rest.hasPrefix("HTTP/1.1 200 "), "a body followed: \(head)")
        #expect(gotten.headers.contains { $0.hasPrefix("content-length: ") })
        // Metrics have changed by then.
        if path != "/metrics" { #expect(gotten.headers == headed.headers) }
        #expect(gotten.headers.map { $0.prefix { $0 != ":" } } == headed.headers.map { $0.prefix { $0 != ":" } })
    }

    /// The first answer: its status line, its headers but for the time, and what follows them.
    private static func split(_ text: String) throws -> (status: String, headers: [String], rest: String) {
        let end = try #require(text.range(of: "\r\n\r\n"))
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        return (
            lines[0], lines.dropFirst().map { $0.lowercased() }.filter { !$0.hasPrefix("date:") }.sorted(), String(text[end.upperBound...])
        )
    }

    @Test("HEAD counts among the methods of a path that has GET, and of no other")
    func allow() async throws {
        let service = try await Service()
        let get = try await service.send(.delete, "/notes")
        #expect(get.status == .methodNotAllowed && get.headers[.allow] == "GET, HEAD, POST")
        let post = try await service.send(.head, "/commands/OpenNote")
        #expect(post.status == .methodNotAllowed && post.headers[.allow] == "POST" && post.body.readableBytes == 0)
    }

    @Test(
        "its target is an escaped path, and the same to all who read it",
        arguments: [
            ("/notes?search=a%20b", "/notes?search=a%20b"), ("/", "/"), ("/?x", "/?x"), ("/notes/", "/notes"),
            ("/notes/?x=/", "/notes?x=/"),
            ("http://x", "/"), ("http://x/", "/"), ("http://x?y", "/?y"), ("http://x/notes", "/notes"), ("*", "*"),
            ("/a/%C3%A9", "/a/%C3%A9"),
            ("/a/...", "/a/..."),
        ])
    func target(_ target: String, _ expected: String) throws {
        #expect(try RequestTarget.read(target) == expected)
    }

    @Test("an id of any characters is one segment of a Location")
    func segment() {
        #expect(PercentEncoding.encode(segment: "a b/c?é~1") == "a%20b%2Fc%3F%C3%A9~1")
        #expect(PercentEncoding.decode("a%20b%2Fc%3F%C3%A9~1".utf8) == "a b/c?é~1")
    }
}
