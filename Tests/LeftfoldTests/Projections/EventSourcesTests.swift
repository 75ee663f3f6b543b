import Foundation
import Leftfold
import Testing

@Suite("The sources of a projection")
struct EventSourcesTests {
    private func event(_ category: String, _ type: EventType) throws -> RecordedEvent {
        RecordedEvent(
            position: 1, stream: try #require(StreamName(rawValue: "\(category)-1")), version: 1, type: type, data: Array("{}".utf8),
            correlationID: "test", commandID: UUID(), principal: "tester", recordedAt: Date())
    }

    private func handedOver(_ sources: EventSources, _ events: (String, EventType)...) throws -> [Bool] {
        try events.map { sources.contains(try event($0.0, $0.1)) }
    }

    @Test("are all events of an aggregate, and no other's; a category is not its beginning")
    func all() throws {
        let handed = try handedOver(
            .all(of: Parcel.self), ("parcel", "ParcelSent"), ("parcel", "Unheard"), ("parcels", "ParcelSent"), ("parce", "ParcelSent"))
        #expect(handed == [true, true, false, false])
    }

    @Test("may be some types; old shapes, which may become one of them, and unknown types are handed over all the same")
    func only() throws {
        let handed = try handedOver(
            .only([.sent], of: Parcel.self), ("parcel", "ParcelSent"), ("parcel", "ParcelLost"), ("parcel", "ParcelPosted"),
            ("parcel", "Unheard"))
        #expect(handed == [true, false, true, true])
    }

    @Test("may be several; without any, nothing is handed over")
    func several() throws {
        let sources: EventSources = [.only([.lost], of: Parcel.self), .category("note")]
        #expect(try handedOver(sources, ("parcel", "ParcelSent"), ("parcel", "ParcelLost"), ("note", "Noted")) == [false, true, true])
        #expect(try handedOver([], ("note", "Noted")) == [false])
    }
}
