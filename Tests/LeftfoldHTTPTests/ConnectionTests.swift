import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Leftfold
import NIOCore
import Testing

@testable import LeftfoldHTTP

/// Over real sockets: what clients see when they misbehave.
@Suite(.timeLimit(.minutes(10))) struct ConnectionTests {
    static func exchange(_ service: Service, _ chunks: String...) async throws -> String {
        try await service.app.test(.live) { client in try await RawConnection.exchange(port: client.port, chunks) }
    }

    @Test func aLiveRequestIsAnswered() async throws {
        let service = try await Service()
        let response = try await service.send(.post, "/notes", #"{"title":"one"}"#, .live)
        #expect(response.status == .created)
        #expect(response.headers[.server] == nil)
    }

    @Test func aConnectionIsUsedAgain() async throws {
        let service = try await Service()
        let headers: HTTPFields = [.authorization: "Bearer \(service.token)", .contentType: "application/json"]
        try await service.app.test(.live) { client in
            for body in [#"{"title":"one"}"#, "{", #"{"title":""}"#, #"{"title":"two"}"#] {
                let response = try await client.execute(uri: "/notes", method: .post, headers: headers, body: ByteBuffer(string: body))
                #expect(response.headers[.connection] == nil)
            }
        }
        #expect(try await service.store.head() == 2)
    }

    @Test func tenMegabytesAreRefusedAndJournalled() async throws {
        let service = try await Service()
        let response = try await service.send(.post, "/notes", String(repeating: " ", count: 10 << 20), .live)
        #expect(try response.status == .contentTooLarge && response.problem.code == "payload_too_large")
        #expect(response.headers[.connection] == "close")
        #expect(try await service.store.journal(JournalFilter()).map(\.code) == ["payload_too_large"])
    }

    @Test func anEndlessChunkedBodyIsCutOff() async throws {
        var configuration = EdgeConfiguration()
        configuration.bodyLimit = 1000
        configuration.lingering = .milliseconds(100)
        let service = try await Service(configuration: configuration)
        let head = """
            POST /notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(service.token)\r\nContent-Type: application/json\r\n\
            Transfer-Encoding: chunked\r\n\r\n
            """
        let chunk = "100\r\n" + String(repeating: " ", count: 256) + "\r\n"
        let answer = try await Self.exchange(service, head, chunk, chunk, chunk, chunk, chunk, chunk)
        #expect(answer.hasPrefix("HTTP/1.1 413 ") && answer.contains("payload_too_large"))
    }

    @Test(arguments: [
        "nonsense\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n", "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        "POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n",
        "POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    ])
    func malformedHTTPIsAProblemToo(_ request: String) async throws {
        let answer = try await Self.exchange(try await Service(), request)
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(answer.contains("application/problem+json") && answer.contains("malformed_request"))
        #expect(answer.lowercased().contains("connection: close"))
    }

    @Test func headersAreLimited() async throws {
        let large = try await Self.exchange(
            try await Service(), "GET / HTTP/1.1\r\nHost: x\r\nX-Large: " + String(repeating: "x", count: 20_000) + "\r\n\r\n")
        let many = try await Self.exchange(
            try await Service(), "GET / HTTP/1.1\r\nHost: x\r\n" + (1...200).map { "X-\($0): 1\r\n" }.joined() + "\r\n")
        for answer in [large, many] {
            #expect(answer.hasPrefix("HTTP/1.1 431 ") && answer.contains("header_too_large"))
        }
    }

    @Test func slowHeadersAndSlowBodiesTimeOut() async throws {
        var configuration = EdgeConfiguration()
        configuration.headerDeadline = .seconds(3)
        configuration.requestDeadline = .seconds(3)
        configuration.lingering = .milliseconds(50)
        let service = try await Service(configuration: configuration)
        let headers = try await Self.exchange(service, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow:")
        let body = try await Self.exchange(
            service,
            """
            POST /notes HTTP/1.1\r\nHost: x\r\nX-Correlation-Id: c-7\r\nAuthorization: Bearer \(service.token)\r\n\
            Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{
            """)
        for answer in [headers, body] {
            #expect(answer.hasPrefix("HTTP/1.1 408 ") && answer.contains("request_timeout"))
        }
        #expect(body.contains(#""correlation_id":"c-7""#))
    }

    @Test func aBrokenChunkIsAProblemToo() async throws {
        let service = try await Service()
        let answer = try await Self.exchange(
            service,
            """
            POST /notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(service.token)\r\nContent-Type: application/json\r\n\
            Transfer-Encoding: chunked\r\n\r\nzz\r\n
            """)
        #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("malformed_request"))
    }

    @Test func aSlowAnswerIsGivenUp() async throws {
        var configuration = EdgeConfiguration()
        configuration.requestDeadline = .milliseconds(100)
        configuration.lingering = .milliseconds(50)
        let service = try await Service(configuration: configuration)
        let request = "GET /slow HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(service.token)\r\n\r\n"
        let answer = try await service.app.test(.live) { client in
            defer { service.gate.continuation.finish() }
            return try await RawConnection.exchange(port: client.port, [request])
        }
        #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("deadline_exceeded"))
    }

    /// The command needs no body, so half of one must not be taken for none.
    @Test(arguments: [
        "Content-Length: 20\r\n\r\n", "Content-Length: 20\r\n\r\n{}", "Transfer-Encoding: chunked\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    ])
    func halfACommandIsNotCarriedOut(_ rest: String) async throws {
        let service = try await Service()
        let token = try service.issuer.issue(subject: "root", roles: ["admin"])
        let request = """
            POST /notes/\(UUID())/burn HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\nContent-Type: application/json\r\n\(rest)
            """
        let answer = try await service.app.test(.live) { client in
            try await RawConnection.exchange(port: client.port, [request], thenEnds: true)
        }
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(try await service.store.journal(JournalFilter()).map(\.code) == ["incomplete_body"])
    }

    @Test func anAnswerIsNotLostToGarbageBehindIt() async throws {
        let service = try await Service()
        let answer = try await Self.exchange(
            service, "GET /whoami HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(service.token)\r\n\r\nnonsense\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("\r\n\r\nada"))
        #expect(answer.contains("HTTP/1.1 400 ") && answer.contains("malformed_request"))
    }

    @Test func aClientThatSaysCloseIsClosed() async throws {
        let service = try await Service()
        let answer = try await Self.exchange(service, "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
    }
}
