import Foundation
import Leftfold
import Testing

private struct GetBalanceAt: StateQuery {
    typealias Answer = Int
    static let permission: Permission = "accounts:read"
    var id: UUID
    var version: StreamVersion?

    var stream: StreamID<Account> { StreamID(id) }
    var moment: StreamMoment { version.map { .version($0) } ?? .end }
    func answer(_ folded: FoldedState<Account>) -> Int { folded.state.balance }
}

@Suite("The state of a stream, folded when it is asked")
struct StateTests {
    private let store = InMemoryEventStore()

    /// Opened, and three deposits.
    private func account() async throws -> StreamID<Account> {
        let bus = bank(on: store)
        let id = try await bus.openAccount()
        for amount in [1, 10, 100] { _ = try await bus.send(Deposit(id: id, amount: amount), .teller()) }
        return StreamID(id)
    }

    @Test("is that of its end, of a version, or of a time")
    func moments() async throws {
        let id = try await account()
        let end = try await store.state(of: id)
        #expect(end.state.balance == 111 && end.version == 4 && end.position == 4)
        let third = try await store.state(of: id, at: .version(3))
        #expect(third.state.balance == 11 && third.version == 3 && third.position == 3)
        let times = try await store.read(id.name, after: .zero, limit: nil).map(\.recordedAt)
        let folded = try await store.state(of: id, at: .time(times[2]))
        #expect(folded.recordedAt == times[2] && folded.version >= 3)
        #expect(try await store.state(of: id, at: .time(.distantFuture)).version == 4)
    }

    @Test("of a stream without events, of a version to come, and of a time before the first event is not there")
    func missing() async throws {
        let id = try await account()
        func code(_ id: StreamID<Account>, _ moment: StreamMoment) async -> String? {
            do {
                _ = try await store.state(of: id, at: moment)
                return nil
            } catch {
                return (error as? NotFound)?.code
            }
        }
        #expect(await code(StreamID(UUID()), .end) == "no_events")
        #expect(await code(id, .version(5)) == "no_such_version")
        #expect(await code(id, .version(0)) == "no_such_version")
        #expect(await code(id, .time(.distantPast)) == "no_events")
    }

    @Test("of a long stream is read page by page, and old shapes come through the one door")
    func pages() async throws {
        let parcel = try #require(StreamName(rawValue: "letter-1"))
        let command = CommandRecord(name: "Test", context: .teller(), content: [])
        let old = (0..<1500).map { _ in NewEvent(type: "LetterTyped", data: Array(#"{"letter":"x"}"#.utf8)) }
        _ = try await store.append(Append(command, StreamWrite(parcel, expected: .any, events: old)))
        let id = try #require(StreamID<Letter>(parcel))
        #expect(try await store.state(of: id).state.text.count == 1500)
        #expect(try await store.state(of: id, at: .version(1001)).state.text.count == 1001)
    }

    @Test("is asked on the bus, with a permission, and knows all that is in the log")
    func bus() async throws {
        let id = try await account()
        let bus = QueryBus(policy: bankPolicy, handlers: [QueryHandler(GetBalanceAt.self, folding: store)])
        let uuid = try #require(id.uuid)
        func context(_ principal: Principal = teller, after: GlobalPosition? = nil) -> QueryContext {
            QueryContext(principal: principal, correlationID: "test", after: after)
        }
        let answered = try await bus.ask(GetBalanceAt(id: uuid), context(after: 4))
        #expect(answered.value == 111 && answered.position == 4)
        #expect(try await bus.ask(GetBalanceAt(id: uuid, version: 2), context()).value == 1)
        await #expect(throws: Forbidden.self) { try await bus.ask(GetBalanceAt(id: uuid), context(stranger)) }
        await #expect(throws: NotFound.self) { try await bus.ask(GetBalanceAt(id: uuid, version: 9), context()) }
        await #expect(throws: NotYetVisible(wanted: 5, reached: 4)) { try await bus.ask(GetBalanceAt(id: uuid), context(after: 5)) }
    }

    @Test("belongs to an aggregate of the commands: of one, of several, or of none")
    func aggregates() {
        func categories(_ aggregates: [any Aggregate.Type]) -> [StreamCategory] { aggregates.map { $0.category } }
        let (one, two) = (categories(Deposit.aggregates), categories(Transfer.aggregates))
        #expect(one == ["account"] && two == ["account", "account"])
    }
}

/// What was typed. Its events were called otherwise once.
private struct Letter: Aggregate {
    static let category: StreamCategory = "letter"
    static let upcasters: [Upcaster] = [.renamed("LetterTyped", to: "LetterWritten")]

    enum Event: Leftfold.Event {
        case written(letter: String)
        enum CodingKeys: String, CodingKey, CaseIterable { case written = "LetterWritten" }
    }

    enum Rejection: String, Leftfold.Rejection {
        case never
        var message: String { "Never." }
    }

    var text = ""
    mutating func evolve(_ event: Event) { if case .written(let letter) = event { text += letter } }
}
