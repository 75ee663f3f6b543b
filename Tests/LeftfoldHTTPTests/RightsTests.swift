import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Leftfold
import Logging
import Testing

@testable import LeftfoldHTTP

/// Rights are asked before anything is read, and an `Idempotency-Key` is used up by an answer to a command, and by nothing else.
@Suite("Rights come first, and keys are for answers", .timeLimit(.minutes(10))) struct RightsTests {
    static let key = UUID()

    struct Accident: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var path = "/notes"
        var body = #"{"title":"one"}"#
        var headers: HTTPFields = [:]
        let code: String
    }

    static let accidents = [
        Accident(testDescription: "a wrong content type", headers: [.contentType: "text/plain"], code: "unsupported_media_type"),
        Accident(testDescription: "an encoded body", headers: [.contentEncoding: "gzip"], code: "unsupported_encoding"),
        Accident(testDescription: "a body over the limit", body: String(repeating: " ", count: 2000), code: "payload_too_large"),
        Accident(testDescription: "a version that is none", headers: [.ifMatch: "one"], code: "invalid_if_match"),
        Accident(testDescription: "a weak version", headers: [.ifMatch: #"W/"1""#], code: "wrong_expected_version"),
        Accident(testDescription: "a cause that is none", headers: [.causationID: "\u{e9}"], code: "invalid_causation_id"),
        Accident(testDescription: "an unknown parameter", path: "/notes?x=1", code: "unknown_parameter"),
        Accident(testDescription: "an unknown command", path: "/commands/FlyNote", code: "unknown_command"),
        Accident(testDescription: "a malformed path", path: "/notes/%00/burn", code: "malformed_target"),
    ]

    private static func service() async throws -> Service {
        var configuration = EdgeConfiguration()
        configuration.bodyLimit = 1000
        return try await Service(configuration: configuration)
    }

    private func send(
        _ service: Service, _ path: String, _ body: String, _ headers: HTTPFields = [:], as role: String = "writer"
    ) async throws -> TestResponse {
        var all = headers
        all[.idempotencyKey] = Self.key.uuidString
        all[.authorization] = "Bearer \(try service.issuer.issue(subject: role, roles: [role]))"
        return try await service.send(.post, path, body, headers: all)
    }

    private func expectFree(_ service: Service) async throws {
        #expect(try await service.store.journalEntry(for: Self.key) == nil)
        let response = try await send(service, "/notes", #"{"title":"one"}"#)
        #expect(response.status == .created)
        #expect(try response.decoded(Accepted.self).id == Self.key)
        #expect(try await service.store.journalEntry(for: Self.key)?.outcome == .accepted)
    }

    @Test("an accident leaves the key free for the true request", arguments: accidents)
    func accident(_ accident: Accident) async throws {
        let service = try await Self.service()
        let response = try await send(service, accident.path, accident.body, accident.headers)
        #expect(try response.problem.code == accident.code)
        let journal = try await service.store.journal(JournalFilter())
        #expect(journal.map(\.code) == (accident.code == "malformed_target" ? [] : [accident.code]))
        try await expectFree(service)
    }

    @Test("who may not send a command is told so and nothing else, whatever they sent, and uses up nobody's key", arguments: accidents)
    func denied(_ accident: Accident) async throws {
        guard accident.path.hasPrefix("/notes"), accident.code != "malformed_target" else { return }
        let service = try await Self.service()
        for body in [accident.body, "{", #"{"title":""}"#] {
            let response = try await send(service, accident.path, body, accident.headers, as: "reader")
            #expect(try response.status == .forbidden && response.problem.code == "forbidden")
        }
        let journal = try await service.store.journal(JournalFilter())
        #expect(journal.map(\.outcome) == Array(repeating: .refused(.denied), count: 3))
        #expect(journal.allSatisfy { $0.name == "OpenNote" && $0.principal == "reader" && $0.commandID != Self.key })
        try await expectFree(service)
    }

    @Test("who may not ask a query is told so and nothing else")
    func deniedQuery() async throws {
        let service = try await Self.service()
        let nobody: HTTPFields = [.authorization: "Bearer \(try service.issuer.issue(subject: "nobody", roles: []))"]
        for path in ["/notes?limit=x", "/notes?x=1", "/notes/nonsense", "/notes?after=x"] {
            #expect(try await service.send(.get, path, headers: nobody).problem.code == "forbidden")
        }
        for body in ["{", String(repeating: " ", count: 2000), #"{"limit":"x"}"#] {
            #expect(try await service.send(.post, "/queries/ListNotes", body, headers: nobody).problem.code == "forbidden")
            #expect(try await service.send(.post, "/queries/AuditNotes?x=1", body).problem.code == "forbidden")
        }
    }

    @Test("what was read to its end is answered under the key")
    func answers() async throws {
        for (body, code) in [("{", "malformed_json"), (#"{"title":7}"#, "wrong_type"), (#"{"title":""}"#, "validation_failed")] {
            let service = try await Self.service()
            #expect(try await send(service, "/notes", body).problem.code == code)
            #expect(try await send(service, "/notes", body).problem.code == code)
            #expect(try await service.store.journal(JournalFilter()).map(\.commandID) == [Self.key])
            #expect(try await send(service, "/notes", #"{"title":"one"}"#).problem.code == "command_id_reused")
        }
    }

    @Test("a large body that cannot be read is told from another")
    func largeBodies() async throws {
        var configuration = EdgeConfiguration()
        configuration.bodyLimit = 1 << 20
        let service = try await Service(configuration: configuration)
        let large = String(repeating: " ", count: 100_000)
        #expect(try await send(service, "/notes", large + "{").problem.code == "malformed_json")
        #expect(try await send(service, "/notes", large + "{").problem.code == "malformed_json")
        #expect(try await send(service, "/notes", large + "[").problem.code == "command_id_reused")
        #expect(try await send(service, "/notes", large + " {").problem.code == "command_id_reused")
    }

    @Test("a refusal of rights does not wait for the body")
    func unread() async throws {
        var configuration = EdgeConfiguration()
        configuration.idleTimeout = .seconds(8)
        let service = try await Service(configuration: configuration)
        let token = try service.issuer.issue(subject: "reader", roles: ["reader"])
        let answer = try await service.app.test(.live) { client in
            try await RawConnection.exchange(
                port: client.port,
                [
                    """
                    POST /notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\nIdempotency-Key: \(Self.key)\r\n\
                    Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{
                    """
                ])
        }
        #expect(answer.hasPrefix("HTTP/1.1 403 "))
        #expect(try await service.store.journal(JournalFilter()).map(\.code) == ["forbidden"])
        try await expectFree(service)
    }

    @Test(
        "a cut upload leaves the key free",
        arguments: ["Content-Length: 30\r\n\r\n{\"title\":", "Transfer-Encoding: chunked\r\n\r\n9\r\n{\"title\":\r\n"])
    func cut(_ rest: String) async throws {
        let service = try await Service()
        let answer = try await service.app.test(.live) { client in
            try await RawConnection.exchange(port: client.port, [Self.upload(service, rest)], thenEnds: true)
        }
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(try await service.store.journal(JournalFilter()).map(\.code) == ["incomplete_body"])
        try await expectFree(service)
    }

    private static func upload(_ service: Service, _ rest: String) -> String {
        """
        POST /notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(service.token)\r\nIdempotency-Key: \(key)\r\n\
        Content-Type: application/json\r\n\(rest)
        """
    }

    @Test("a connection that is reset in mid-body leaves a row and the key free, and is no fault of the service")
    func reset() async throws {
        let log = Log()
        let service = try await Service(log: log)
        try await service.app.test(.live) { client in
            for rest in ["Content-Length: 30\r\n\r\n{\"title\":", "Transfer-Encoding: chunked\r\n\r\n9\r\n{\"title\":\r\n"] {
                for _ in 1...5 {
                    // The answer to the first request shows that the second has arrived as far as it goes.
                    let first = "GET /open HTTP/1.1\r\nHost: x\r\n\r\n"
                    try await RawConnection.reset(port: client.port, first + Self.upload(service, rest))
                }
            }
            let deadline = ContinuousClock.now + .seconds(60)
            while try await service.store.journal(JournalFilter()).count < 10, .now < deadline { await Task.yield() }
        }
        let journal = try await service.store.journal(JournalFilter())
        #expect(journal.map(\.code) == Array(repeating: "incomplete_body", count: 10))
        #expect(log.lines(.error).isEmpty && !log.text.contains("internal_error"))
        try await expectFree(service)
    }
}
