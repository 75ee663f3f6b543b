import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Synchronization
import Testing

@testable import LeftfoldPostgres

/// The followers of a process read the log once for all of them; what each sees is what it would have read alone.
@Suite struct SharedPagesTests {
    private static let categories: [StreamCategory] = ["a", "b", "c"]

    /// A log in memory, and how often it is read.
    private final class Log: Sendable {
        let events: [RecordedEvent]
        let reads = Mutex(0)

        init(_ count: Int, _ random: inout SeededGenerator) throws {
            events = try (1...max(1, count)).map { position in
                let category = SharedPagesTests.categories.randomElement(using: &random) ?? "a"
                return RecordedEvent(
                    position: GlobalPosition(rawValue: Int64(position)),
                    stream: try #require(StreamName(rawValue: "\(category)-\(position)")),
                    version: 1, type: "Noted", data: Array("{}".utf8), correlationID: "test", commandID: UUID(), principal: "tester",
                    recordedAt: Date())
            }
        }

        func page(after position: GlobalPosition, count: Int, _ sources: EventSources) -> LogPage {
            reads.withLock { $0 += 1 }
            let looked = events.filter { $0.position > position }.prefix(count)
            return LogPage(
                events: looked.filter { sources.contains($0) || $0.position == looked.last?.position },
                head: events.last?.position ?? .zero)
        }
    }

    /// Lets nobody pass until it is opened, and tells when somebody is there.
    private actor Barrier {
        private var isOpen = false
        private(set) var isReached = false
        private var waiting: [CheckedContinuation<Void, Never>] = []

        func pass() async {
            isReached = true
            if !isOpen { await withCheckedContinuation { waiting.append($0) } }
        }

        func open() {
            isOpen = true
            for waiter in waiting { waiter.resume() }
            waiting = []
        }
    }

    @Test("Each sees exactly what it would have read alone, whoever comes and goes", arguments: SeededGenerator.seeds(4))
    func sameAsAlone(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<30 {
            let log = try Log(Int.random(in: 1...200, using: &random), &random)
            let pages = SharedPages(LogHistory())
            let members = (1...4).map { _ in
                let wanted = Self.categories.filter { _ in Bool.random(using: &random) }
                return (wanted: wanted, size: Int.random(in: 1...40, using: &random))
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for member in members {
                    let sources = EventSources(unionOf: member.wanted.map { .category($0) })
                    group.addTask {
                        let id = pages.enter(sources)
                        defer { pages.leave(id) }
                        var (position, seen) = (GlobalPosition.zero, [GlobalPosition]())
                        while true {
                            let page = try await pages.page(after: position, count: member.size, for: sources) {
                                log.page(after: position, count: member.size, $0)
                            }
                            guard let last = page.events.last else { break }
                            #expect(last.position > position)
                            seen += page.events.filter { sources.contains($0) }.map(\.position)
                            position = last.position
                            await Task.yield()
                        }
                        #expect(seen == log.events.filter { sources.contains($0) }.map(\.position))
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("Those at one place read once; who comes after them finds it read; who fails or stops holds up nobody")
    func once() async throws {
        var random = SeededGenerator(seed: 1)
        let log = try Log(50, &random)
        let pages = SharedPages(LogHistory())
        let sources: EventSources = [.category("a"), .category("b"), .category("c")]
        for _ in 1...3 { _ = pages.enter(sources) }
        let barrier = Barrier()
        let first = Task {
            try await pages.page(after: .zero, count: 10, for: sources) {
                await barrier.pass()
                return log.page(after: .zero, count: 10, $0)
            }
        }
        try await eventually("it is being read") { await barrier.isReached }
        let second = Task { try await pages.page(after: .zero, count: 10, for: sources) { log.page(after: .zero, count: 10, $0) } }
        let stopped = Task { try await pages.page(after: .zero, count: 10, for: sources) { log.page(after: .zero, count: 10, $0) } }
        stopped.cancel()
        #expect(try await stopped.value.events.count == 10)
        #expect(log.reads.withLock { $0 } == 1, "who was stopped did not wait for the first, and read alone")
        await barrier.open()
        #expect(try await first.value.events.map(\.position) == (try await second.value.events.map(\.position)))
        let third = try await pages.page(after: GlobalPosition(rawValue: 4), count: 10, for: sources) { _ in
            Issue.record("it is read")
            return LogPage(events: [], head: .zero)
        }
        #expect(third.events.map(\.position.rawValue) == Array(5...10))

        struct Broken: Error {}
        await #expect(throws: Broken.self) {
            try await pages.page(after: GlobalPosition(rawValue: 10), count: 10, for: sources) { _ in throw Broken() }
        }
        let next = try await pages.page(after: GlobalPosition(rawValue: 10), count: 10, for: sources) {
            log.page(after: GlobalPosition(rawValue: 10), count: 10, $0)
        }
        #expect(next.events.count == 10)
    }

    @Test("What was read in another epoch, or before somebody wanted more, is read again")
    func again() async throws {
        var random = SeededGenerator(seed: 2)
        let log = try Log(10, &random)
        let history = LogHistory()
        let pages = SharedPages(history)
        let read: @Sendable (EventSources) -> LogPage = { log.page(after: .zero, count: 10, $0) }
        _ = pages.enter(.category("a"))
        _ = pages.enter(.category("a"))
        _ = try await pages.page(after: .zero, count: 10, for: .category("a")) { read($0) }
        _ = try await pages.page(after: .zero, count: 10, for: .category("a")) { read($0) }
        #expect(log.reads.withLock { $0 } == 1)
        _ = pages.enter(.category("b"))
        let more = try await pages.page(after: .zero, count: 10, for: .category("b")) { read($0) }
        #expect(log.reads.withLock { $0 } == 2)
        #expect(more.events.filter { $0.stream.belongs(to: "b") }.count == log.events.filter { $0.stream.belongs(to: "b") }.count)
        _ = history.enter(try #require(LogEpoch(rawValue: 8)), ended: [.first: GlobalPosition(rawValue: 10)])
        _ = try await pages.page(after: .zero, count: 10, for: .category("b")) { read($0) }
        #expect(log.reads.withLock { $0 } == 3)
    }

    @Test("Projections of a process that are at the head look at the log about once an event, not once each")
    func atTheHead() async throws {
        try await TestDatabase.withEmpty { configuration in
            _ = try await Migrator(configuration).migrate()
            var counted = configuration
            counted.settings["track_functions"] = "all"
            try await LeftfoldDatabase(counted, logger: TestDatabase.quiet).running { database in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    let all: [any PostgresProjection] = [Tally<A>(), Tally<B>(), Tally<C>(), Tally<D>()]
                    for projection in all {
                        // Only announcements wake them: looks of the poll behind would be counted, too.
                        let projector = Projector(projection, in: database, patience: .seconds(3600), logger: TestDatabase.quiet)
                        group.addTask { try await projector.run() }
                    }
                    for number in 1...20 as ClosedRange<Int64> {
                        try await database.note(1)
                        for projection in all {
                            try await eventually("\(projection.name) has it") {
                                try await database.status(projection.name)?.position.rawValue == number
                            }
                        }
                    }
                    group.cancelAll()
                }
                for name in ["tally_a", "tally_b", "tally_c", "tally_d"] {
                    let positions: [Int64] = try await database.pool.execute("SELECT position FROM \(identifier: name) ORDER BY 1")
                        .map { try $0.decode(Int64.self) }
                    #expect(positions == Array(1...20))
                }
            }
            // What its sessions counted is known when they have ended.
            let connection = try await Connection.connect(configuration, logger: TestDatabase.quiet)
            let looks = try await connection.execute("SELECT calls FROM pg_stat_user_functions WHERE funcname = 'page_end'").first?.decode(
                Int64.self)
            #expect((15...50).contains(try #require(looks)), "\(looks ?? 0) looks for 4 projections and 20 events")
            await connection.close()
        }
    }
}
