import Foundation
import LeftfoldTesting
import Synchronization
import Testing

@testable import Leftfold

private struct GetThing: Query {
    struct Answer: Codable, Sendable, Equatable { var text: String }
    static let permission: Permission = "things:read"
    static let ownPermission: Permission? = "things:read_own"
    static let reads: [ProjectionName] = ["things"]
    static let timeout = Duration.seconds(60)

    var id: Int

    func validate() throws(ValidationError) {
        if id < 0 { throw ValidationError("id", "must not be negative") }
    }
    func dependencies(of answer: Answer) -> Dependencies { ["thing/\(id)"] }
    static func own(_ answer: Answer, of principal: Principal) -> Answer? {
        answer.text.hasSuffix(principal.subject) ? answer : nil
    }
}

private struct GetSlowThing: Query {
    typealias Answer = Int
    static let permission: Permission = "things:read"
    static let reads: [ProjectionName] = ["things"]
    static let timeout = Duration.milliseconds(300)
    static let maximumRunning = 2
    var id: Int
}

/// What a handler does, and what it was asked.
private final class Things: Sendable {
    let asked = Mutex<[Int]>([])
    let texts = Mutex<[Int: String]>([:])
    /// Handlers that wait here go on when it is opened.
    let gate = Gate()

    var count: Int { asked.withLock { $0.count } }

    func handler(waiting: Bool = false) -> QueryHandler {
        QueryHandler(GetThing.self, isCacheable: true) { [self] query, _ in
            asked.withLock { $0.append(query.id) }
            if waiting { try await gate.wait() }
            guard let text = texts.withLock({ $0[query.id] }) else { throw NotFound(code: "thing_not_found", "There is no such thing.") }
            return Answered(.init(text: text), at: 1)
        }
    }
}

/// Closed until it is opened.
private actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private(set) var arrivals = 0

    func wait() async throws {
        arrivals += 1
        if !isOpen { await withCheckedContinuation { waiting.append($0) } }
        try Task.checkCancellation()
    }

    func open() {
        isOpen = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}

private let reader = Principal(subject: "reader", roles: ["reader"])
private let policy = RolePolicy(["reader": ["things:read"], "owner": ["things:read_own"]])

private func context(_ principal: Principal = reader, after: GlobalPosition? = nil) -> QueryContext {
    QueryContext(principal: principal, correlationID: "test", after: after)
}

/// Tells a progress what a database would.
private struct Announcer {
    let progress = ReadModelProgress()

    init(at position: GlobalPosition = 1) {
        progress.beganListening()
        learn(position)
    }

    func learn(_ position: GlobalPosition) {
        _ = progress.learn([ReadModelSighting("things", "things.1", at: position)], since: progress.start())
    }

    func announce(_ from: GlobalPosition, _ to: GlobalPosition, _ touched: Dependencies) {
        progress.advanced("things.1", from: from, to: to, touching: touched)
    }
}

@Suite("The query cache")
struct QueryCacheTests {
    private let things = Things()
    private let announcer = Announcer()

    private func bus(
        waiting: Bool = false, entries: Int = 1000, bytes: Int = 1 << 20, middleware: [any QueryMiddleware] = []
    ) -> (QueryBus, QueryCache) {
        let cache = QueryCache(announcer.progress, entries: entries, bytes: bytes)
        return (QueryBus(policy: policy, handlers: [things.handler(waiting: waiting)], cache: cache, middleware: middleware), cache)
    }

    private func give(_ ids: some Sequence<Int>) { things.texts.withLock { for id in ids { $0[id] = "thing \(id)" } } }

    @Test("answers again what has not changed, and reads what has")
    func invalidation() async throws {
        give(1...2)
        let (bus, _) = bus()
        #expect(try await bus.ask(GetThing(id: 1), context()).cache == .forwarded(.uriMiss))
        #expect(try await bus.ask(GetThing(id: 2), context()).cache == .forwarded(.uriMiss))

        announcer.announce(1, 2, ["thing/2"])
        let hit = try await bus.ask(GetThing(id: 1), context())
        #expect((hit.cache, hit.position, hit.value.text) == (.hit, 2, "thing 1"))
        #expect(try await bus.ask(GetThing(id: 2), context()).cache == .forwarded(.stale))
        #expect(try await bus.ask(GetThing(id: 2), context()).cache == .hit)

        announcer.announce(2, 3, .everything)
        #expect(try await bus.ask(GetThing(id: 1), context()).cache == .forwarded(.stale))
        announcer.announce(3, 4, .nothing)
        #expect(try await bus.ask(GetThing(id: 1), context()).position == 4)
        #expect(things.count == 4)
    }

    @Test("makes all suspect when something may be lost", arguments: ["a gap", "a step back", "a disconnect", "a switch"])
    func losses(what: String) async throws {
        give([1])
        let (bus, _) = bus()
        announcer.announce(1, 5, .nothing)
        _ = try await bus.ask(GetThing(id: 1), context())
        #expect(try await bus.ask(GetThing(id: 1), context()).cache == .hit)
        switch what {
        case "a gap": announcer.announce(7, 8, .nothing)
        case "a step back": announcer.announce(2, 3, .nothing)
        case "a disconnect":
            announcer.progress.stoppedListening()
            announcer.learn(8)
            #expect(try await bus.ask(GetThing(id: 1), context()).cache != .hit)
            #expect(try await bus.ask(GetThing(id: 1), context()).cache != .hit)
            announcer.progress.beganListening()
        default: announcer.progress.lost("things")
        }
        #expect(try await bus.ask(GetThing(id: 1), context()).cache != .hit)
        announcer.learn(8)
        _ = try await bus.ask(GetThing(id: 1), context())
        #expect(try await bus.ask(GetThing(id: 1), context()).cache == .hit)
    }

    @Test("finds lost announcements by comparing, unless they were only late")
    func comparison() throws {
        let progress = announcer.progress
        func compare(_ position: GlobalPosition) {
            progress.compare([ReadModelSighting("things", "things.1", at: position)], since: progress.start())
        }
        compare(2)
        announcer.announce(1, 2, .nothing)
        compare(3)
        #expect(progress.marks(of: ["things"])?.position == 2)
        compare(3)
        #expect(progress.marks(of: ["things"]) == nil)
        announcer.learn(3)
        compare(2)
        #expect(progress.marks(of: ["things"]) == nil)
    }

    @Test("reads when more is demanded than is known")
    func demand() async throws {
        give([1])
        let (bus, _) = bus()
        _ = try await bus.ask(GetThing(id: 1), context())
        #expect(try await bus.ask(GetThing(id: 1), context(after: 1)).cache == .hit)
        #expect(try await bus.ask(GetThing(id: 1), context(after: 2)).cache == .forwarded(.request))
        announcer.announce(1, 2, .nothing)
        #expect(try await bus.ask(GetThing(id: 1), context(after: 2)).cache == .hit)
    }

    @Test("never answers across tenants, nor with another's own")
    func scopes() async throws {
        things.texts.withLock { $0[1] = "of anna" }
        let (bus, _) = bus()
        let anna = Principal(subject: "anna", roles: ["owner"]), bert = Principal(subject: "bert", roles: ["owner"])
        var foreign = reader
        foreign.tenant = "other"
        for _ in 0..<2 {
            #expect(try await bus.ask(GetThing(id: 1), context(anna)).value.text == "of anna")
            // What is not theirs and what does not exist are the same to them.
            await #expect(throws: Forbidden("things:read")) { try await bus.ask(GetThing(id: 1), context(bert)) }
            await #expect(throws: Forbidden("things:read")) { try await bus.ask(GetThing(id: 9), context(bert)) }
            await #expect(throws: Forbidden("things:read")) { try await bus.ask(GetThing(id: 1), context(stranger)) }
        }
        _ = try await bus.ask(GetThing(id: 1), context())
        #expect(try await bus.ask(GetThing(id: 1), context(foreign)).cache == .forwarded(.uriMiss))
        #expect(try await bus.ask(GetThing(id: 1), context()).cache == .hit)
        #expect(try await bus.ask(GetThing(id: 1), context(anna)).cache == .hit)
        // A stranger is denied before anything is looked at.
        await #expect(throws: Forbidden("things:read")) { try await bus.ask(GetThing(id: -1), context(stranger)) }
        #expect(bus.find(GetThing(id: 1), context()) != nil)
        #expect(bus.find(GetThing(id: 1), context(bert)) == nil)
        #expect(bus.find(GetThing(id: 1), context(stranger)) == nil)
    }

    @Test("shows layers of one's own every answer, and forgets the bytes of one they change")
    func layers() async throws {
        struct Marking: QueryMiddleware {
            func handle<Q: Query>(
                _ query: Q, _ context: QueryContext, next: @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>
            ) async throws -> Answered<Q.Answer> {
                var answered = try await next(query, context)
                if let mine = GetThing.Answer(text: "for \(context.principal.subject)") as? Q.Answer { answered.value = mine }
                return answered
            }
        }
        give([1])
        let (bus, _) = bus(middleware: [Marking()])
        var other = reader
        other.subject = "other"
        for _ in 0..<2 {
            for principal in [reader, other] {
                let answered = try await bus.ask(GetThing(id: 1), context(principal))
                #expect(try String(decoding: answered.json(), as: UTF8.self) == #"{"text":"for \#(principal.subject)"}"#)
            }
        }
        #expect(things.count == 1)
        #expect(bus.find(GetThing(id: 1), context()) == nil)
    }

    @Test("encodes an answer once")
    func bytes() async throws {
        give([1])
        let (bus, _) = bus()
        _ = try await bus.ask(GetThing(id: 1), context())
        let hit = try await bus.ask(GetThing(id: 1), context())
        #expect(String(decoding: try #require(hit.kept).json, as: UTF8.self) == #"{"text":"thing 1"}"#)
        let named = try await bus.ask(named: "GetThing", json: Array(#"{"id":1}"#.utf8), context())
        #expect(named.cache == .hit)
        #expect(named.value == hit.kept?.json)
    }

    @Test("keeps no more answers and bytes than it may, and those that are used", arguments: [(100, 1 << 20), (10_000, 2000)])
    func bounds(entries: Int, bytes: Int) async throws {
        give(0..<500)
        let (bus, cache) = bus(entries: entries, bytes: bytes)
        _ = try await bus.ask(GetThing(id: 0), context())
        for id in 1..<500 {
            _ = try await bus.ask(GetThing(id: id), context())
            #expect(try await bus.ask(GetThing(id: 0), context()).cache == .hit)
            #expect(cache.size.entries <= entries && cache.size.bytes <= bytes)
        }
        #expect(cache.size.entries > 20)
        #expect(announcer.progress.hasDependents)
        announcer.announce(1, 2, .everything)
        things.texts.withLock { $0 = [:] }
        for id in 0..<500 { _ = try? await bus.ask(GetThing(id: id), context()) }
        #expect(cache.size == (0, 0))
        #expect(!announcer.progress.hasDependents)
    }

    @Test("lets one read for all who ask at once, also when that one gives up")
    func flights() async throws {
        give([1])
        let (bus, _) = bus(waiting: true)
        let first = Task { try await bus.ask(GetThing(id: 1), context()) }
        while await things.gate.arrivals < 1 { await Task.yield() }
        let others = (0..<20).map { _ in Task { try await bus.ask(GetThing(id: 1), context()).value.text } }
        first.cancel()
        await things.gate.open()
        for other in others { #expect(try await other.value == "thing 1") }
        await #expect(throws: (any Error).self) { try await first.value }
        #expect(things.count <= 3)
    }

    @Test("runs only so many at once; the others have no turn within the timeout, or the query takes too long")
    func limits() async throws {
        let gate = Gate()
        let overdue = Mutex(0)
        let bus = QueryBus(
            policy: policy,
            handlers: [
                QueryHandler(GetSlowThing.self) { query, _ in
                    try await withTaskCancellationHandler {
                        try await gate.wait()
                    } onCancel: {
                        overdue.withLock { $0 += 1 }
                    }
                    return Answered(query.id, at: 1)
                }
            ])
        let codes = try await withThrowingTaskGroup(of: String.self) { group in
            for id in 1...5 {
                group.addTask {
                    do {
                        return "\(try await bus.ask(GetSlowThing(id: id), context()).value)"
                    } catch { return (error as? any Refusal)?.code ?? "\(error)" }
                }
            }
            var codes: [String] = []
            for try await code in group {
                codes.append(code)
                // Those inside heed nothing but the gate, and hold their places until it opens.
                if codes.count == 3 {
                    try await eventually("the time of both is over") { overdue.withLock { $0 } == 2 }
                    await gate.open()
                }
            }
            return codes
        }
        #expect(codes == ["too_many_queries", "too_many_queries", "too_many_queries", "query_timed_out", "query_timed_out"])
        #expect(await gate.arrivals == 2)
        // All places are free again.
        for id in 1...5 { #expect(try await bus.ask(GetSlowThing(id: id), context()).value == id) }
    }
}
