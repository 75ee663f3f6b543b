import Foundation
import Leftfold
import LeftfoldTesting
import Testing

/// A hotel room, whose events have a history of their own.
private struct Room: Aggregate, Equatable {
    static let category: StreamCategory = "room"

    enum Event: Leftfold.Event {
        case opened(beds: Int, floor: Int?)
        case booked(guest: String)
        case cleaned
        enum CodingKeys: String, CodingKey, CaseIterable { case opened = "RoomOpened", booked = "RoomBooked", cleaned = "RoomCleaned" }
        static let versions: [EventType: Int] = ["RoomOpened": 3, "RoomBooked": 2]
    }

    enum Rejection: String, Leftfold.Rejection {
        case full
        var message: String { "All beds are taken." }
    }

    static let upcasters = [
        // One to one, by type and version, step by step.
        Upcaster(from: "RoomOpened") { old in
            [NewEvent(type: "RoomOpened", version: 2, data: replacing("sleeps", "beds", in: old.data))]
        },
        Upcaster(from: "RoomOpened", version: 2) { [NewEvent(type: "RoomOpened", version: 3, data: $0.data)] },
        .renamed("RoomCreated", to: "RoomOpened"),
        // One to several: a booking of two became two bookings.
        Upcaster(from: "RoomBooked") { old in
            struct Old: Decodable { var guests: [String] }
            return try JSONDecoder().decode(Old.self, from: Data(old.data)).guests.map {
                NewEvent(type: "RoomBooked", version: 2, data: try StrictJSON.encode(["guest": $0]))
            }
        },
        // One to none: nobody wants to know any more.
        Upcaster(from: "RoomPainted") { _ in [] },
        // Circles.
        .renamed("RoomTurned", to: "RoomTurnedBack"),
        .renamed("RoomTurnedBack", to: "RoomTurned"),
        Upcaster(from: "RoomMirrored") { [$0, $0] },
    ]

    var beds = 0
    var floor: Int?
    var guests: [String] = []

    mutating func evolve(_ event: Event) {
        switch event {
        case .opened(let beds, let floor): (self.beds, self.floor) = (beds, floor)
        case .booked(let guest): guests.append(guest)
        case .cleaned: break
        }
    }

    private static func replacing(_ old: String, _ new: String, in data: [UInt8]) -> [UInt8] {
        Array(String(decoding: data, as: UTF8.self).replacing("\"\(old)\"", with: "\"\(new)\"").utf8)
    }
}

private struct Book: Command {
    static let permission: Permission = "rooms:book"
    var id: UUID
    var guest: String
    var target: StreamID<Room> { StreamID(id) }
    func decide(_ room: Room) throws(Room.Rejection) -> [Room.Event] {
        guard room.guests.count < room.beds else { throw .full }
        return [.booked(guest: guest)]
    }
}

@Suite("Old shapes of events")
struct UpcasterTests {
    @Test("are brought up to date by type and version, one step after the other")
    func steps() throws {
        let today = [Room.Event.opened(beds: 2, floor: nil)]
        #expect(try event(Room.self, storedAs: #"RoomCreated {"sleeps":2}"#) == today)
        #expect(try event(Room.self, storedAs: #"RoomOpened {"sleeps":2}"#) == today)
        #expect(try event(Room.self, storedAs: #"RoomOpened@2 {"beds":2}"#) == today)
        #expect(try event(Room.self, storedAs: #"RoomOpened@3 {"beds":2}"#) == today)
    }

    @Test("of another version are not touched: the present one may look like an old one")
    func otherVersion() {
        #expect(throws: EventCodingError.self) { try event(Room.self, storedAs: #"RoomOpened@3 {"sleeps":2}"#) }
        #expect(throws: EventCodingError.self) { try event(Room.self, storedAs: #"RoomBooked@2 {"guests":["Ada"]}"#) }
    }

    @Test("may be several events of today, or none")
    func several() throws {
        #expect(
            try event(Room.self, storedAs: #"RoomBooked {"guests":["Ada","Bob"]}"#) == [.booked(guest: "Ada"), .booked(guest: "Bob")])
        #expect(try event(Room.self, storedAs: #"RoomBooked {"guests":[]}"#) == [])
        #expect(try event(Room.self, storedAs: "RoomPainted {}") == [])
    }

    @Test("that go round in a circle are told as such", arguments: ["RoomTurned", "RoomTurnedBack", "RoomMirrored"])
    func circle(type: String) {
        let error = #expect(throws: EventCodingError.self) { try event(Room.self, storedAs: "\(type) {}") }
        #expect(error?.reason == "the upcasters go round in a circle")
    }

    @Test("that are newer than the program stop the reader, and so do those that no upcaster leads from")
    func unknownVersion() {
        let newer = #expect(throws: EventCodingError.self) { try event(Room.self, storedAs: #"RoomOpened@4 {"beds":2}"#) }
        #expect(newer?.reason.contains("version 4, and this program reads version 3; deploy a version that knows it") == true)
        let older = #expect(throws: EventCodingError.self) { try event(Room.self, storedAs: "RoomCleaned@0 {}") }
        #expect(older?.reason.contains("there is no upcaster for it") == true)
        #expect(throws: EventCodingError.self) { try event(Room.self, storedAs: "RoomCleaned@2 {}") }
    }

    @Test("New events are stored with the present version")
    func present() throws {
        #expect(try storedForm(of: Room.Event.opened(beds: 2, floor: 1)) == #"RoomOpened@3 {"beds":2,"floor":1}"#)
        #expect(try storedForm(of: Room.Event.booked(guest: "Ada")) == #"RoomBooked@2 {"guest":"Ada"}"#)
        #expect(try storedForm(of: Room.Event.cleaned) == "RoomCleaned {}")
    }

    @Test("are decided on as what they are today", arguments: [0, 100])
    func decidedOn(cacheCapacity: Int) async throws {
        let store = InMemoryEventStore()
        let id = UUID()
        let stream = StreamID<Room>(id)
        func stored(_ type: EventType, version: Int = 1, _ data: String) -> NewEvent {
            NewEvent(type: type, version: version, data: Array(data.utf8))
        }
        let old = [
            stored("RoomCreated", #"{"sleeps":4}"#), stored("RoomPainted", #"{"colour":"blue"}"#),
            stored("RoomBooked", #"{"guests":["Ada","Bob"]}"#), stored("RoomOpened", version: 2, #"{"beds":3}"#),
        ]
        let record = CommandRecord(name: "Import", context: .teller(), content: [])
        _ = try await store.append(Append(record, StreamWrite(stream.name, expected: .noStream, events: old)))

        let policy = RolePolicy(["teller": ["rooms:book"]])
        let bus = CommandBus(store: store, policy: policy, commands: [Book.self], cache: AggregateCache(capacity: cacheCapacity))
        // The version counts what is stored, not what is read in it.
        #expect(try await bus.send(Book(id: id, guest: "Cy"), .teller()).version == 5)
        await #expect(throws: Rejected(Room.Rejection.full)) { try await bus.send(Book(id: id, guest: "Di"), .teller()) }

        let events = try await store.read(stream.name)
        #expect(events.map { $0.metadata?.version } == [nil, nil, nil, 2, 2])
        #expect(Room(replaying: try events.flatMap { try $0.decode(as: Room.self) }).guests == ["Ada", "Bob", "Cy"])
    }

    @Test("that cannot be read stop the command, which is on record as a fault")
    func undecidable() async throws {
        let store = InMemoryEventStore()
        let (id, context) = (UUID(), CommandContext.teller())
        let stream = StreamID<Room>(id).name
        _ = try await store.append(
            Append(
                CommandRecord(name: "Import", context: .teller(), content: []),
                StreamWrite(stream, expected: .noStream, events: [NewEvent(type: "RoomOpened", version: 9, data: Array("{}".utf8))])))
        let bus = CommandBus(store: store, policy: RolePolicy(["teller": ["rooms:book"]]), commands: [Book.self])
        let error = await #expect(throws: EventCodingError.self) { try await bus.send(Book(id: id, guest: "Ada"), context) }
        #expect(error?.stream == stream)
        #expect(try await store.journalEntry(for: context.commandID)?.outcome == .refused(.failed))
    }
}
