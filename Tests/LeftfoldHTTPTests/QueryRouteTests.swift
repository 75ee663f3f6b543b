import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Leftfold
import Testing

@testable import LeftfoldHTTP

@Suite struct QueryRouteTests {
    @Test func aResourceHasItsVersionAsItsTag() async throws {
        let service = try await Service()
        let id = try await service.open()
        let response = try await service.send(.get, "/notes/\(id)", headers: [.leftfoldPosition: "1"])
        #expect(response.status == .ok)
        #expect(response.headers[.eTag] == "\"1\"")
        #expect(response.headers[.leftfoldPosition] == "1")
        #expect(response.headers[.cacheControl] == "private, no-cache")
        #expect(try response.decoded() == GetNote.Answer(id: id, title: "one", version: 1))
    }

    @Test(arguments: ["\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"]) func aKnownVersionIsNotSentAgain(_ tag: String) async throws {
        let service = try await Service()
        let id = try await service.open()
        let response = try await service.send(.get, "/notes/\(id)", headers: [.ifNoneMatch: tag])
        #expect(response.status == .notModified)
        #expect(response.headers[.eTag] == "\"1\"")
        #expect(response.body.readableBytes == 0)
    }

    @Test func anotherVersionIsSent() async throws {
        let service = try await Service()
        let id = try await service.open()
        #expect(try await service.send(.get, "/notes/\(id)", headers: [.ifNoneMatch: "\"2\""]).status == .ok)
    }

    @Test func aListHasTheDigestOfItsBytesAsItsTag() async throws {
        let service = try await Service()
        let response = try await service.send(.get, "/notes?limit=10")
        let tag = try #require(response.headers[.eTag])
        #expect(tag.utf8.count == 18 && tag.hasPrefix("\"") && tag.hasSuffix("\""))
        #expect(response.headers[.cacheControl] == "private, no-cache")
        let known = try await service.send(.get, "/notes?limit=10", headers: [.ifNoneMatch: tag])
        #expect(known.status == .notModified && known.body.readableBytes == 0)
        #expect(known.headers[.eTag] == tag && known.headers[.cacheControl] == "private, no-cache")
        #expect(known.headers[.leftfoldPosition] == "0" && known.headers[.cacheStatus] == "leftfold; fwd=bypass")
        #expect(try await service.send(.get, "/notes?limit=11", headers: [.ifNoneMatch: tag]).status == .ok)
    }

    @Test func everyAnswerSaysWhatTheCacheHadToDoWithIt() async throws {
        let service = try await Service()
        for (method, path) in [(HTTPRequest.Method.get, "/notes"), (.post, "/queries/ListNotes")] {
            #expect(try await service.send(method, path).headers[.cacheStatus] == "leftfold; fwd=bypass")
        }
    }

    @Test func aSessionNeverGoesBack() async throws {
        let service = try await Service()
        let began = try await service.send(.get, "/notes", headers: [.leftfoldSession: "new"])
        #expect(began.headers[.leftfoldSession] == "1.0")
        #expect(try await service.send(.get, "/notes").headers[.leftfoldSession] == nil)
        let wrote = try await service.send(.post, "/notes", #"{"title":"one"}"#, headers: [.leftfoldSession: "1.0"])
        #expect(wrote.headers[.leftfoldSession] == "1.1")
        let read = try await service.send(.get, "/notes", headers: [.leftfoldSession: "1.0, new,1.1"])
        #expect(read.headers[.leftfoldSession] == "1.1")
        // Refusals keep it.
        let refused = try await service.send(.get, "/notes?limit=x", headers: [.leftfoldSession: "1.1"])
        #expect(try refused.problem.code == "wrong_type" && refused.headers[.leftfoldSession] == "1.1")
        // Nobody answers from before it.
        let ahead = try await service.send(.get, "/notes", headers: [.leftfoldSession: "1.7"])
        #expect(try ahead.status == .serviceUnavailable && ahead.problem.code == "not_yet_visible")
    }

    @Test(arguments: [
        "1", "2.1", "1.-1", "1.+1", "1.1;x", "1.1,", "1.9223372036854775808", "new2", String(repeating: "1.1,", count: 16) + "1.1",
        String(repeating: "x", count: 10_000),
    ])
    func noSession(_ text: String) async throws {
        let service = try await Service()
        let response = try await service.send(.get, "/notes", headers: [.leftfoldSession: text])
        #expect(try response.status == .badRequest && response.problem.code == "invalid_session")
    }

    @Test func parametersAreTypedAndDecoded() async throws {
        let service = try await Service()
        let response = try await service.send(.get, "/notes?limit=10&search=a%22b%5C+caf%C3%A9%0A&after=0")
        #expect(try response.decoded() == ListNotes.Answer(limit: 10, search: "a\"b\\ café\n"))
        #expect(try await service.send(.get, "/notes").decoded() == ListNotes.Answer())
    }

    @Test func aQueryByName() async throws {
        let service = try await Service()
        let id = try await service.open()
        let response = try await service.send(.post, "/queries/GetNote?after=1", #"{"id":"\#(id)"}"#)
        #expect(try response.decoded(GetNote.Answer.self).title == "one")
        #expect(response.headers[.leftfoldPosition] == "1")
    }

    @Test func pathsAndBodiesMeetInOneObject() {
        func text(_ fields: [(name: String, value: JSONText)], _ object: String) -> String {
            String(decoding: JSONObject.inserting(fields, into: Array(object.utf8)), as: UTF8.self)
        }
        #expect(text([("id", .string("a\"\u{1}"))], " { } ") == #"{"id":"a\"\u0001" } "#)
        #expect(text([("id", .string("x")), ("n", .integer(-3))], #"{"b":1}"#) == #"{"id":"x","n":-3,"b":1}"#)
        #expect(text([("id", .string("x"))], "[]") == "[]")
        #expect(text([("id", .string("x"))], "{,}") == #"{"id":"x",,}"#)
    }
}
