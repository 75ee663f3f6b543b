import HTTPTypes
import HummingbirdTesting
import Testing

@testable import LeftfoldHTTP

@Suite("Pages of other origins") struct CrossOriginTests {
    static let page = "https://app.example.com"

    static func service(_ origins: [String] = [page]) async throws -> Service {
        var configuration = EdgeConfiguration()
        configuration.allowedOrigins = origins.compactMap(Origin.init)
        return try await Service(configuration: configuration)
    }

    @Test("are told nothing unless an origin is named")
    func off() async throws {
        let service = try await Service()
        let answer = try await service.send(.get, "/whoami", headers: [.origin: Self.page])
        #expect(answer.headers[.accessControlAllowOrigin] == nil && answer.headers[.vary] == nil)
        let question = try await service.send(
            .options, "/notes", headers: [.authorization: "", .origin: Self.page, .accessControlRequestMethod: "POST"])
        #expect(question.status != .noContent && question.headers[.accessControlAllowOrigin] == nil)
    }

    @Test("get an answer to their question beforehand, without a token")
    func preflight() async throws {
        let answer = try await Self.service().send(
            .options, "/notes",
            headers: [
                .authorization: "", .origin: Self.page, .accessControlRequestMethod: "POST",
                .accessControlRequestHeaders: "authorization,idempotency-key",
            ])
        #expect(answer.status == .noContent)
        #expect(answer.headers[.accessControlAllowOrigin] == Self.page)
        #expect(answer.headers[.accessControlAllowMethods]?.contains("PATCH") == true)
        for name in ["Authorization", "Idempotency-Key", "If-Match", "Leftfold-Position"] {
            #expect(answer.headers[.accessControlAllowHeaders]?.contains(name) == true)
        }
        #expect(answer.headers[.accessControlAllowCredentials] == nil)
        #expect(answer.headers[.vary]?.contains("Origin") == true)
    }

    @Test("can read answers and refusals, and the headers that clients act on")
    func answers() async throws {
        let service = try await Self.service()
        for (headers, status): (HTTPFields, HTTPResponse.Status) in [([:], .ok), ([.authorization: ""], .unauthorized)] {
            var all = headers
            all[.origin] = Self.page
            let answer = try await service.send(.get, "/whoami", headers: all)
            #expect(answer.status == status)
            #expect(answer.headers[.accessControlAllowOrigin] == Self.page)
            #expect(answer.headers[.vary] == "Origin")
            for name in ["ETag", "Leftfold-Position", "Location", "Retry-After"] {
                #expect(answer.headers[.accessControlExposeHeaders]?.contains(name) == true)
            }
        }
    }

    @Test(
        "are compared exactly",
        arguments: [
            "https://app.example.com.evil.example", "http://app.example.com", "https://app.example.com:8443", "https://APP.example.com",
            "https://app.example.co", "null", "*", "https://app.example.com/", "",
        ])
    func others(_ origin: String) async throws {
        let service = try await Self.service()
        var headers: HTTPFields = [.accessControlRequestMethod: "POST"]
        headers.append(HTTPField(name: .origin, value: origin))
        for method in [HTTPRequest.Method.get, .options] {
            let answer = try await service.send(method, "/whoami", headers: headers)
            #expect(answer.headers[.accessControlAllowOrigin] == nil)
            #expect(answer.headers[.vary]?.contains("Origin") == true)
        }
    }

    @Test("are named as browsers name them, or not at all")
    func spelling() {
        for good in ["https://app.example.com", "http://localhost:3000", "http://127.0.0.1", "http://[::1]:8080", "https://a"] {
            #expect(Origin(rawValue: good) != nil, "\(good)")
        }
        for bad in [
            "*", "null", "", "app.example.com", "https://", "https://app.example.com/", "https://*.example.com", "https://App.example.com",
            "ftp://a", "https://a:0", "https://a:x", "https://user@a", "https://a b", "https://é.example",
        ] {
            #expect(Origin(rawValue: bad) == nil, "\(bad)")
        }
    }
}
