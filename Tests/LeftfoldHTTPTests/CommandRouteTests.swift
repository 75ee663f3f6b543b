import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Leftfold
import Testing

@testable import LeftfoldHTTP

@Suite struct CommandRouteTests {
    @Test func aNewResourceIsCreatedUnderTheCommandID() async throws {
        let service = try await Service()
        let key = UUID()
        let response = try await service.send(.post, "/notes", #"{"title":"one"}"#, headers: [.idempotencyKey: key.uuidString])
        #expect(response.status == .created)
        #expect(response.headers[.location] == "/notes/\(key.uuidString.lowercased())")
        #expect(response.headers[.eTag] == "\"1\"")
        #expect(response.headers[.leftfoldPosition] == "1")
        #expect(try response.decoded() == Accepted(id: key, version: 1, position: 1))
    }

    @Test func aNewResourceMayBringItsID() async throws {
        let service = try await Service()
        let id = UUID()
        let response = try await service.send(.post, "/notes", #" { "title" : "one", "id" : "\#(id.uuidString)" } "#)
        #expect(response.status == .created)
        #expect(try response.decoded(Accepted.self).id == id)
        #expect(response.headers[.location] == "/notes/\(id.uuidString.lowercased())")
    }

    @Test func aCommandOnAResource() async throws {
        let service = try await Service()
        let id = try await service.open()
        let response = try await service.send(.patch, "/notes/\(id)", #"{"title":"two"}"#, headers: [.ifMatch: "\"1\""])
        #expect(response.status == .ok)
        #expect(response.headers[.location] == nil)
        #expect(try response.decoded() == Accepted(id: id, version: 2, position: 2))
    }

    @Test func aCommandNeedsNoBodyWhereThePathSaysEverything() async throws {
        let service = try await Service()
        let token = try service.issuer.issue(subject: "root", roles: ["admin"])
        for body in [nil, "", "{}", " {\n} "] {
            let response = try await service.send(.post, "/notes/\(UUID())/burn", body, headers: [.authorization: "Bearer \(token)"])
            #expect(response.status == .ok)
        }
    }

    @Test func aCommandByName() async throws {
        let service = try await Service()
        let id = UUID()
        let response = try await service.send(.post, "/commands/OpenNote", #"{"id":"\#(id)","title":"one"}"#)
        #expect(response.status == .ok)
        #expect(try response.decoded() == Accepted(id: id, version: 1, position: 1))
    }

    @Test func aRepeatGetsTheSameAnswer() async throws {
        let service = try await Service()
        let headers: HTTPFields = [.idempotencyKey: UUID().uuidString]
        let first = try await service.send(.post, "/notes", #"{"title":"one"}"#, headers: headers)
        _ = try await service.open("two")
        let second = try await service.send(.post, "/notes", #"{"title":"one"}"#, headers: headers)
        #expect(first.text == second.text && first.status == second.status && first.headers[.location] == second.headers[.location])
        #expect(try await service.store.head() == 2)
    }

    @Test func aRepeatOfARefusalGetsTheSameAnswerEvenIfItWouldBeAcceptedNow() async throws {
        let service = try await Service()
        let (id, headers) = (UUID(), HTTPFields(dictionaryLiteral: (.idempotencyKey, UUID().uuidString)))
        let first = try await service.send(.patch, "/notes/\(id)", #"{"title":"two"}"#, headers: headers)
        _ = try await service.send(.post, "/notes", #"{"id":"\#(id)","title":"one"}"#)
        let second = try await service.send(.patch, "/notes/\(id)", #"{"title":"two"}"#, headers: headers)
        #expect(try first.status == .notFound && first.problem.code == "note_not_found")
        #expect(try second.status == .notFound && second.problem.code == "note_not_found")
        #expect(try await service.store.head() == 1)
    }

    @Test func aKeyIsNotReusedForAnotherCommand() async throws {
        let service = try await Service()
        let headers: HTTPFields = [.idempotencyKey: UUID().uuidString]
        _ = try await service.send(.post, "/notes", #"{"title":"one"}"#, headers: headers)
        let other = try await service.send(.post, "/notes", #"{"title":"other"}"#, headers: headers)
        #expect(try other.status.code == 422 && other.problem.code == "command_id_reused")
    }

    @Test func aStaleVersionIsAFailedPrecondition() async throws {
        let service = try await Service()
        let id = try await service.open()
        _ = try await service.send(.patch, "/notes/\(id)", #"{"title":"two"}"#)
        let stale = try await service.send(.patch, "/notes/\(id)", #"{"title":"three"}"#, headers: [.ifMatch: "\"1\""])
        #expect(try stale.status == .preconditionFailed && stale.problem.code == "wrong_expected_version")
    }

    @Test func aRejectionAndATakenClaimAreConflicts() async throws {
        let service = try await Service()
        let id = try await service.open()
        let again = try await service.send(.post, "/notes", #"{"id":"\#(id)","title":"two"}"#)
        let taken = try await service.send(.post, "/notes", #"{"title":"one"}"#)
        #expect(try again.status == .conflict && again.problem.code == "note_already_open")
        #expect(try taken.status == .conflict && taken.problem.code == "title_taken")
    }

    @Test func theConversationReachesTheLogAndTheJournal() async throws {
        let service = try await Service()
        let key = UUID()
        let response = try await service.send(
            .post, "/notes", #"{"title":"one"}"#,
            headers: [.idempotencyKey: key.uuidString, .correlationID: "conversation-7", .causationID: "event-3"])
        #expect(response.headers[.correlationID] == "conversation-7")
        let event = try await service.store.read(after: .zero, limit: 1).first
        #expect(event?.correlationID == "conversation-7" && event?.principal == "ada")
        #expect(event?.commandID == key)
        let entry = try await service.store.journalEntry(for: key)
        #expect(entry?.correlationID == "conversation-7" && entry?.causationID == "event-3" && entry?.outcome == .accepted)
    }

    @Test func aConversationIsBegunWhereThereIsNone() async throws {
        let service = try await Service()
        let response = try await service.send(.post, "/notes", #"{"title":"one"}"#)
        let id = try #require(response.headers[.correlationID])
        #expect(UUID(uuidString: id) != nil)
        #expect(try await service.store.journal(JournalFilter()).map(\.correlationID) == [id])
    }

    @Test func routesOfOnesOwnKnowWhoAsks() async throws {
        let service = try await Service()
        #expect(try await service.send(.get, "/whoami").text == "ada")
        #expect(try await service.send(.get, "/whoami", headers: [.authorization: ""]).status == .unauthorized)
        #expect(try await service.send(.get, "/open", headers: [.authorization: "", .correlationID: "c"]).text == "c")
    }
}
