import Foundation
import Leftfold
import LeftfoldTesting
import Testing

private struct Trip: Aggregate {
    static let category: StreamCategory = "trip"
    enum Event: Leftfold.Event {
        case started(from: String, to: String, at: Date?)
        case delayed(minutes: Int)
        case ended
        enum CodingKeys: String, CodingKey, CaseIterable { case started = "TripStarted", delayed = "TripDelayed", ended = "TripEnded" }
    }
    enum Rejection: String, Leftfold.Rejection {
        case never
        var message: String { "Never." }
    }
    mutating func evolve(_ event: Event) {}
}

@Suite("The stored form of events")
struct EventCodecTests {
    private static let at = Date(timeIntervalSince1970: 1_750_000_000.125)

    @Test("is the name and the labelled values, keys sorted")
    func encode() throws {
        #expect(try storedForm(of: Trip.Event.delayed(minutes: 5)) == #"TripDelayed {"minutes":5}"#)
        #expect(try storedForm(of: Trip.Event.ended) == "TripEnded {}")
        #expect(
            try storedForm(of: Trip.Event.started(from: "Rome", to: "a/b", at: Self.at))
                == #"TripStarted {"at":"2025-06-15T15:06:40.125Z","from":"Rome","to":"a/b"}"#)
    }

    @Test(
        "comes back as the same event",
        arguments: [
            Trip.Event.ended, .delayed(minutes: .min), .started(from: "", to: "{\"}\\\u{0}\n é 🧵", at: nil),
            .started(from: "a", to: "b", at: at),
        ])
    private func roundTrip(event original: Trip.Event) throws {
        #expect(try event(Trip.self, storedAs: try storedForm(of: original)) == [original])
    }

    @Test("all stored names are known")
    func types() { #expect(Trip.Event.types == ["TripStarted", "TripDelayed", "TripEnded"]) }

    @Test("a value that was added later may be missing; one that was dropped may be there")
    func additions() throws {
        #expect(
            try event(Trip.self, storedAs: #"TripStarted {"from":"Rome","to":"Oslo","by":"train"}"#)
                == [.started(from: "Rome", to: "Oslo", at: nil)])
    }

    @Test("an unknown type stops the reader, and says where")
    func unknown() throws {
        let error = #expect(throws: EventCodingError.self) { try event(Trip.self, storedAs: "TripCancelled {}") }
        #expect(error?.description.contains("the type TripCancelled is unknown; deploy a version that knows it") == true)
        #expect(error?.type == "TripCancelled")
        #expect(error?.position == 1)
    }

    @Test("data that does not fit stops the reader", arguments: ["{}", "", "{", "[]", "null", #"{"minutes":"5"}"#, #"{"minutes":5}}"#])
    func undecodable(data: String) {
        let error = #expect(throws: EventCodingError.self) { try event(Trip.self, storedAs: "TripDelayed " + data) }
        #expect(error?.description.contains("the TripDelayed at position 1") == true)
    }

    @Test("something else than an enum is refused")
    func notAnEnum() {
        struct Flat: Leftfold.Event {
            enum CodingKeys: CodingKey, CaseIterable {}
        }
        #expect(throws: (any Error).self) { try storedForm(of: Flat()) }
    }
}
