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
