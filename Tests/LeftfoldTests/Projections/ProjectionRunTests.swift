import Foundation
import Leftfold
import LeftfoldTesting
import Testing

@Suite("A fold projection, run over the store in memory")
struct ProjectionRunTests {
    @Test("gives rows by key, whatever the size of the pages, and goes on where it was", arguments: [1, 2, 100])
    func rows(pageSize: Int) async throws {
        let store = InMemoryEventStore()
        let (one, two) = (UUID(), UUID())
        var run = ProjectionRun(Whereabouts())
        try await store.append([.sent(to: "Linz"), .moved(to: "Graz")], to: one)
        try await store.append([.sent(to: "Wels")], to: two)
        try await run.catchUp(with: store, pageSize: pageSize)
        #expect(run.rows == [one: .init(place: "Graz", moves: 1), two: .init(place: "Wels", moves: 0)])
        #expect(run.position == 3)

        try await store.append([.lost], to: one)
        try await store.append([.moved(to: "Linz"), .moved(to: "Graz")], to: two)
        try await run.catchUp(with: store, pageSize: pageSize)
        #expect(run.rows == [two: .init(place: "Graz", moves: 2)])
        #expect(run.position == 6)
    }

    @Test("reads old shapes through the one door")
    func oldShapes() async throws {
        let store = InMemoryEventStore()
        let id = UUID()
        try await store.append([NewEvent(type: "ParcelPosted", data: Array(#"{"to":"Linz"}"#.utf8))], to: StreamID<Parcel>(id).name)
        var run = ProjectionRun(Whereabouts())
        try await run.catchUp(with: store)
        #expect(run.rows == [id: .init(place: "Linz", moves: 0)])
    }

    @Test("says which event it cannot apply, and why, and keeps the rows before its page", arguments: [1, 100])
    func fails(pageSize: Int) async throws {
        let store = InMemoryEventStore()
        let id = UUID()
        try await store.append([.sent(to: "Linz")], to: id)
        var run = ProjectionRun(Whereabouts())
        try await run.catchUp(with: store, pageSize: pageSize)
        try await store.append([.moved(to: "Graz")], to: UUID())
        let failed = await #expect(throws: FailedEvent.self) { try await run.catchUp(with: store, pageSize: pageSize) }
        #expect(failed?.event.position == 2)
        #expect(failed?.reason.contains("there is no row") == true)
        #expect(run.rows == [id: .init(place: "Linz", moves: 0)])

        try await store.append([NewEvent(type: "Unheard", data: Array("{}".utf8))], to: StreamID<Parcel>(id).name)
        var other = ProjectionRun(Whereabouts())
        await #expect(throws: FailedEvent.self) { try await other.catchUp(with: store) }
    }
}

extension InMemoryEventStore {
    fileprivate func append(_ events: [Parcel.Event], to id: UUID) async throws {
        try await append(try events.map { try EventCodec.encode($0) }, to: StreamID<Parcel>(id).name)
    }

    fileprivate func append(_ events: [NewEvent], to stream: StreamName) async throws {
        let context = CommandContext(principal: Principal(subject: "tester"))
        let command = CommandRecord(name: "Test", context: context, content: Array("\(context.commandID)".utf8))
        _ = try await append(Append(command, StreamWrite(stream, expected: .any, events: events)))
    }
}
