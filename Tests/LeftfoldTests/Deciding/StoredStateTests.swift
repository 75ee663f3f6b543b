import Foundation
import Leftfold
import LeftfoldTesting
import Testing

/// A clock that is set, and tells what it was set to, to the last bit.
private struct Clock: Aggregate {
    static let category: StreamCategory = "clock"
    enum Event: Leftfold.Event {
        case set(at: Date, price: Price)
        case read(text: String)
        enum CodingKeys: String, CodingKey, CaseIterable { case set = "ClockSet", read = "ClockRead" }
    }
    enum Rejection: String, Leftfold.Rejection {
        case never
        var message: String { "Never." }
    }
    var at = Date(timeIntervalSince1970: 0)
    var price = Price(amount: 0)
    mutating func evolve(_ event: Event) { if case .set(let at, let price) = event { (self.at, self.price) = (at, price) } }
    var claims: Set<Claim> { [Claim("reading", text)] }
    var text: String { "\(at.timeIntervalSince1970.bitPattern) \(price.amount.bitPattern)" }
}

/// Is stored in cents: its encoder rounds.
private struct Price: Codable, Equatable, Sendable {
    var amount: Double
    init(amount: Double) { self.amount = amount }
    init(from decoder: any Decoder) throws { amount = Double(try decoder.singleValueContainer().decode(Int.self)) / 100 }
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Int((amount * 100).rounded()))
    }
}

private struct SetClock: Command {
    static let permission: Permission = "clock"
    var id: UUID
    /// Seconds since 1970.
    var at: Double
    var price: Double
    var target: StreamID<Clock> { StreamID(id) }
    func decide(_ clock: Clock) throws(Clock.Rejection) -> [Clock.Event] {
        [.set(at: Date(timeIntervalSince1970: at), price: Price(amount: price))]
    }
}

private struct ReadClock: Command {
    static let permission: Permission = "clock"
    var id: UUID
    var target: StreamID<Clock> { StreamID(id) }
    func decide(_ clock: Clock) throws(Clock.Rejection) -> [Clock.Event] { [.read(text: clock.text)] }
}

@Suite("What was decided on is what a later replay gives")
struct StoredStateTests {
    @Test("also where an encoder rounds, for random times and amounts", arguments: SeededGenerator.seeds(4))
    func rounded(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let store = InMemoryEventStore()
        // One remembers what it has decided, the other replays each time.
        let buses = [20_000, 0].map {
            CommandBus(
                store: store, policy: RolePolicy(["teller": ["clock"]]), commands: [SetClock.self, ReadClock.self],
                cache: AggregateCache(capacity: $0))
        }
        for _ in 0..<100 {
            let id = UUID()
            let set = SetClock(id: id, at: .random(in: 0...4e9, using: &random), price: .random(in: 0...1000, using: &random))
            _ = try await buses[0].send(set, .teller())
            for bus in buses { _ = try await bus.send(ReadClock(id: id), .teller()) }
            let stream = StreamID<Clock>(id).name
            let events = try await store.read(stream).flatMap { try $0.decode(as: Clock.self) }
            let replayed = Clock(replaying: events)
            #expect(events.dropFirst() == [.read(text: replayed.text), .read(text: replayed.text)], "\(set)")
            // What it claims is folded from what is stored, too.
            #expect(try await store.holders(of: Array(replayed.claims)) == [Claim("reading", replayed.text): stream], "\(set)")
        }
    }

    @Test("and a chain of waiting commands, each decided on the one before, too")
    func chain() async throws {
        let store = LingeringStore()
        let bus = CommandBus(store: store, policy: RolePolicy(["teller": ["clock"]]), commands: [SetClock.self, ReadClock.self])
        let id = UUID()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<60 {
                group.addTask {
                    if number.isMultiple(of: 2) {
                        _ = try await bus.send(SetClock(id: id, at: Double(number) + 0.123456, price: 1.005), .teller())
                    } else {
                        _ = try await bus.send(ReadClock(id: id), .teller())
                    }
                }
            }
            for try await _ in group {}
        }
        var clock = Clock()
        for event in try await store.read(StreamID<Clock>(id).name).flatMap({ try $0.decode(as: Clock.self) }) {
            if case .read(let text) = event { #expect(text == clock.text) }
            clock.evolve(event)
        }
    }

    @Test("A time keeps its millisecond, each of a thousand")
    func milliseconds() throws {
        for second in [0, 1_750_000_000, 1_764_115_200, -1, 4_102_444_799] {
            for millisecond in 0..<1000 {
                let at = Date(timeIntervalSince1970: Double(second * 1000 + millisecond) / 1000)
                let set = Clock.Event.set(at: at, price: Price(amount: 1))
                let line = try storedForm(of: set)
                #expect(line.contains(String(format: ".%03dZ", millisecond)), "\(line)")
                #expect(try event(Clock.self, storedAs: line) == [set], "\(line)")
            }
        }
    }
}
