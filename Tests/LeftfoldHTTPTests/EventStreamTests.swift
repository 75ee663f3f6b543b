import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Leftfold
import LeftfoldTesting
import NIOCore
import Testing

@testable import LeftfoldHTTP

/// Live queries over real sockets.
@Suite("Event streams", .timeLimit(.minutes(10)))
struct EventStreamTests {
    private static func configuration(_ change: (inout EdgeConfiguration) -> Void = { _ in }) -> EdgeConfiguration {
        var configuration = EdgeConfiguration()
        configuration.heartbeat = .milliseconds(100)
        change(&configuration)
        return configuration
    }

    private func ask(_ path: String, _ token: String, _ headers: String...) -> String {
        (["GET \(path) HTTP/1.1", "Host: x", "Authorization: Bearer \(token)", "Accept: text/event-stream"] + headers)
            .joined(separator: "\r\n") + "\r\n\r\n"
    }

    private func rename(_ id: UUID, _ title: String, _ service: Service) async throws {
        let response = try await service.send(.patch, "/notes/\(id)", #"{"title":"\#(title)"}"#)
        #expect(response.status == .ok)
    }

    @Test("begin with the answer, and go on with each change")
    func changes() async throws {
        let service = try await Service(configuration: Self.configuration())
        let id = try await service.open()
        try await service.app.test(.live) { client in
            let stream = try await RawClient.open(port: client.port)
            try await stream.say(ask("/notes/\(id)", service.token))
            try await eventually("the answer") { stream.text.contains("\"title\":\"one\"") }
            let head = stream.text
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
            for line in ["Content-Type: text/event-stream", "Leftfold-Position: 1", "Cache-Status: leftfold; fwd=bypass", "retry: 1000"] {
                #expect(head.contains("\(line)\r\n") || head.contains("\(line)\n"), "\(line)")
            }
            #expect(head.contains("id: 1."))
            try await rename(id, "two", service)
            try await eventually("the change") { stream.text.contains("\"title\":\"two\"") }
            #expect(stream.text.contains("id: 2."))
            try await eventually("a sign of life") { stream.text.contains(":\n\n") }
            #expect(!stream.isClosed)
            stream.close()
        }
    }

    @Test("of lists, too")
    func lists() async throws {
        let service = try await Service(configuration: Self.configuration())
        try await service.app.test(.live) { client in
            let stream = try await RawClient.open(port: client.port)
            try await stream.say(ask("/notes?limit=3&search=x", service.token))
            try await eventually("the answer") { stream.text.contains(#"data: {"limit":3,"search":"x"}"#) }
            stream.close()
        }
    }

    @Test("are taken up where they broke off")
    func resumed() async throws {
        let service = try await Service(configuration: Self.configuration())
        let id = try await service.open()
        let json = Array(try await service.send(.get, "/notes/\(id)").body.readableBytesView)
        let last = EventID(json, at: 1)
        try await service.app.test(.live) { client in
            let stream = try await RawClient.open(port: client.port)
            try await stream.say(ask("/notes/\(id)", service.token, "Last-Event-ID: \(last)"))
            try await eventually("a sign of life") { stream.text.contains(":\n\n") }
            #expect(!stream.text.contains("data:"))
            try await rename(id, "two", service)
            try await eventually("the change") { stream.text.contains("\"title\":\"two\"") }
            stream.close()

            // What changed in between is there at once.
            let late = try await RawClient.open(port: client.port)
            try await late.say(ask("/notes/\(id)", service.token, "Last-Event-ID: \(last)"))
            try await eventually("the change") { late.text.contains("\"title\":\"two\"") }
            late.close()
        }
    }

    @Test(
        "are refused like the question",
        arguments: [
            ("/notes/00000000-0000-7000-8000-000000000000", "", 404, "note_not_found"), ("/notes?limit=x", "", 400, "wrong_type"),
            ("/notes?limit=1000", "", 422, "validation_failed"), ("/notes", "Last-Event-ID: nonsense", 400, "invalid_last_event_id"),
            ("/notes", "Last-Event-ID: 1.0123456789abcdeé", 400, "invalid_last_event_id"),
        ])
    func refused(path: String, header: String, status: Int, code: String) async throws {
        let service = try await Service(configuration: Self.configuration())
        try await service.app.test(.live) { client in
            let stream = try await RawClient.open(port: client.port)
            try await stream.say(header.isEmpty ? ask(path, service.token) : ask(path, service.token, header))
            try await eventually("the refusal") { stream.text.contains("\"code\":\"\(code)\"") }
            #expect(stream.text.hasPrefix("HTTP/1.1 \(status) "))
            stream.close()
        }
    }

    @Test("are so many for each, and a place is free again when a client is gone")
    func places() async throws {
        let service = try await Service(configuration: Self.configuration { $0.limits.eventStreamsPerPrincipal = 2 })
        try await service.app.test(.live) { client in
            var streams: [RawClient] = []
            for _ in 0..<2 {
                let stream = try await RawClient.open(port: client.port)
                try await stream.say(ask("/notes", service.token))
                try await eventually("an answer") { stream.text.contains("data:") }
                streams.append(stream)
            }
            let third = try await RawClient.open(port: client.port)
            try await third.say(ask("/notes", service.token))
            try await eventually("a refusal") { third.text.contains("too_many_streams") }
            #expect(third.text.hasPrefix("HTTP/1.1 429 ") && third.text.contains("Retry-After: 1"))
            streams[0].close()
            try await eventually("a place is free") {
                let again = try await RawClient.open(port: client.port)
                try await again.say(ask("/notes", service.token))
                try await eventually("an answer") { again.text.contains("\r\n\r\n") }
                defer { streams.append(again) }
                return again.text.hasPrefix("HTTP/1.1 200 ")
            }
            for stream in streams.dropFirst() { stream.close() }
            third.close()
        }
    }

    @Test("end with the credential")
    func expired() async throws {
        let service = try await Service(configuration: Self.configuration())
        try await service.app.test(.live) { client in
            var text = ""
            // On a busy machine it may be over before it began.
            try await eventually("a stream that ends in the middle", within: .seconds(100)) {
                // With the leeway of 30 s it holds for some seconds more.
                let token = try service.issuer.issue(subject: "brief", roles: ["reader"], lifetime: .seconds(-25))
                let stream = try await RawClient.open(port: client.port)
                try await stream.say(ask("/notes", token))
                try await eventually("the end") { stream.text.contains("event: problem") || stream.text.hasPrefix("HTTP/1.1 401") }
                text = stream.text
                stream.close()
                return text.hasPrefix("HTTP/1.1 200")
            }
            #expect(text.contains("\"code\":\"expired_token\""))
        }
    }

    @Test("end at a graceful shutdown")
    func ends() async throws {
        let service = try await Service(configuration: Self.configuration { $0.heartbeat = .seconds(600) })
        let stream = try await service.app.test(.live) { client in
            let stream = try await RawClient.open(port: client.port)
            try await stream.say(ask("/notes", service.token))
            try await eventually("an answer") { stream.text.contains("data:") }
            return stream
        }
        // The service is gone by now, and did not wait for the heartbeat.
        try await eventually("its end") { stream.text.hasSuffix("0\r\n\r\n") }
        stream.close()
    }

    @Test("are cut off for clients that do not read")
    func unread() async throws {
        let service = try await Service(
            configuration: Self.configuration {
                $0.requestDeadline = .seconds(2)
                $0.bodyLimit = 8 << 20
            })
        let id = try await service.open()
        try await service.app.test(.live) { client in
            let stream = try await RawClient.open(port: client.port, reads: false)
            try await stream.say(ask("/notes/\(id)", service.token))
            var number = 0
            try await eventually("it is cut off", within: .seconds(100)) {
                number += 1
                try await rename(id, "\(number) " + String(repeating: "x", count: 4 << 20), service)
                do {
                    // Unheard, unless the connection is gone.
                    try await stream.say("\r\n")
                    return false
                } catch {
                    return true
                }
            }
        }
    }

    @Test("let a client forget an id that no log has any more")
    func forgotten() {
        let problem = Problem(NotYetVisible(wanted: 9, reached: 1), status: 503, correlationID: "c")
        #expect(String(buffer: EventMessage.problem(problem, forgetting: true)).hasPrefix("id:\nevent: problem\ndata: {"))
        #expect(String(buffer: EventMessage.problem(problem, forgetting: false)).hasPrefix("event: problem\ndata: {"))
    }

    @Test(
        "are wanted where they are named",
        arguments: [
            ("text/event-stream", true), ("Text/Event-Stream; q=0.5", true), ("application/json, text/event-stream", true), ("*/*", false),
            ("text/*", false), ("text/event-stream;q=0", false), ("text/event-stream ; q=0.00", false), ("text/event-streams", false),
            ("", false), (",;,", false),
        ])
    func accepted(accept: String, isWanted: Bool) {
        let request = Request(
            head: HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/", headerFields: [.accept: accept]),
            body: RequestBody(buffer: ByteBuffer()))
        #expect(EventStreamAccept.isWanted(request) == isWanted)
    }
}
