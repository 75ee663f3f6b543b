import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldRandom
import LeftfoldTesting
import Synchronization
import Testing

@testable import LeftfoldPostgres

/// Kept answers on a real server: nothing is sent for a hit, and no hit is older than it says.
@Suite struct CachedQueryTests {
    /// An answer of the cache, and the head of the log when it was given.
    private struct Hit: Sendable {
        let rows: [BoardRow]
        /// Nil: a single note.
        let search: String?
        let note: String
        let position: Int64
        let demanded: Int64
        let head: Int64
    }

    private final class Hits: Sendable {
        private let list = Mutex<[Hit]>([])
        var all: [Hit] { list.withLock { $0 } }
        func note(_ hit: Hit) { list.withLock { $0.append(hit) } }
    }

    @Test("A hit sends nothing; a demand that is announced costs one statement and no checkpoint")
    func sendsNothing() async throws {
        try await TestDatabase.twoWays { direct, behind, proxy in
            try await direct.projecting(Board()) {
                let queries = behind.boardQueries()
                let stream = try Note.stream()
                func statements() -> Int {
                    proxy.sightings.count { $0.application.contains("query") && $0.type == .execute }
                }
                func write() async throws -> GlobalPosition {
                    _ = try await direct.store.append(Note.append(to: stream))
                    return try await direct.store.head()
                }
                var head = try await write()
                // Learnt by a read of the checkpoint.
                try await eventually("it is kept") {
                    _ = try await queries.ask(GetNote(note: stream.rawValue), .reader(after: head))
                    return try await queries.ask(GetNote(note: stream.rawValue), .reader(after: head)).cache == .hit
                }
                proxy.forgetSightings()
                for _ in 0..<100 {
                    #expect(try await queries.ask(GetNote(note: stream.rawValue), .reader(after: head)).cache == .hit)
                }
                #expect(statements() == 0)

                head = try await write()
                // Who asks sooner waits for it, and looks for himself after a while.
                try await eventually("it is announced") {
                    behind.progress.marks(of: [Board.name]).map { $0.position >= head } ?? false
                }
                proxy.forgetSightings()
                let answered = try await queries.ask(GetNote(note: stream.rawValue), .reader(after: head))
                #expect(answered.cache == .forwarded(.request) || answered.cache == .forwarded(.stale))
                #expect(answered.value.position == head.rawValue)
                #expect(statements() == 1)
                #expect(try await queries.ask(GetNote(note: stream.rawValue), .reader(after: head)).cache == .hit)
                #expect(statements() == 1)
            }
        }
    }

    @Test("Under concurrent writes, rebuilds and lost announcements every hit is what the log gives at its position")
    func compared() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        let streams = try (0..<20).map { try Note.stream("n\($0)") }
        try await TestDatabase.twoWays { direct, behind, proxy in
            try await direct.projecting(Board()) {
                let cached = behind.boardQueries(), uncached = direct.boardQueries(cached: false)
                let hits = Hits()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        var random = SplitMix64(seed: seed)
                        for number in 0..<400 {
                            let stream = streams[Int.random(in: 0..<streams.count, using: &random)]
                            _ = try await direct.store.append(Note.append(to: stream, ["\(number)"]))
                            switch Int.random(in: 0..<40, using: &random) {
                            case 0: proxy.add(.drop(.notificationResponse, occurrence: Int.random(in: 1...3, using: &random)))
                            case 1: proxy.add(.cut(.before(.notificationResponse), application: "listen"))
                            case 2...4: _ = try await Rebuild(Board(), in: direct).run()
                            default: break
                            }
                        }
                    }
                    for asker in 1...3 {
                        group.addTask {
                            var random = SplitMix64(seed: seed &+ UInt64(asker))
                            for _ in 0..<600 {
                                let stream = streams[Int.random(in: 0..<streams.count, using: &random)]
                                let demanded =
                                    Int.random(in: 0..<20, using: &random) == 0 ? try await direct.store.head() : nil
                                let context = QueryContext.reader(after: demanded)
                                if Bool.random(using: &random) {
                                    do {
                                        let answered = try await cached.ask(GetNote(note: stream.rawValue), context)
                                        guard answered.cache == .hit else { continue }
                                        let head = try await direct.store.head().rawValue
                                        hits.note(
                                            Hit(
                                                rows: [answered.value], search: nil, note: stream.rawValue,
                                                position: answered.position.rawValue, demanded: demanded?.rawValue ?? 0, head: head)
                                        )
                                    } catch is NotFound {}
                                } else {
                                    let search = "\(Int.random(in: 0...3, using: &random))"
                                    let answered = try await cached.ask(ListNotes(search: search), context)
                                    guard answered.cache == .hit else { continue }
                                    let head = try await direct.store.head().rawValue
                                    hits.note(
                                        Hit(
                                            rows: answered.value, search: search, note: "",
                                            position: answered.position.rawValue, demanded: demanded?.rawValue ?? 0, head: head))
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let log = try await direct.store.read(after: .zero, limit: 10_000).map(BoardRow.init)
                let found = hits.all
                #expect(found.count > 100, "seed \(seed)")
                for hit in found {
                    // True at its position, or at one that it might have been read at since.
                    let isTrue = (hit.position...max(hit.position, hit.head)).contains { position in
                        Self.fold(log, to: position, hit) == hit.rows
                    }
                    #expect(isTrue && hit.position >= hit.demanded, "seed \(seed): \(hit)")
                }
                // Whatever was lost, what is kept is what is there a little later.
                let head = try await direct.store.head()
                for stream in streams {
                    try await eventually("the kept answer is the read one, seed \(seed)", within: .seconds(10)) {
                        let kept = try? await cached.ask(GetNote(note: stream.rawValue), .reader()).value
                        return kept == (try? await uncached.ask(GetNote(note: stream.rawValue), .reader(after: head)).value)
                    }
                }
                for search in ["", "1", "2"] {
                    try await eventually("the kept list is the read one, seed \(seed)", within: .seconds(10)) {
                        try await cached.ask(ListNotes(search: search), .reader()).value
                            == uncached.ask(ListNotes(search: search), .reader(after: head)).value
                    }
                }
            }
        }
    }

    private static func fold(_ log: [BoardRow], to position: Int64, _ hit: Hit) -> [BoardRow] {
        var rows: [String: BoardRow] = [:]
        for row in log.prefix(Int(position)) { rows[row.note] = row }
        guard let search = hit.search else { return rows[hit.note].map { [$0] } ?? [] }
        return rows.values.filter { $0.text.contains(search) }.sorted { $0.position < $1.position }
    }

    @Test("An answer changes with the first look after a lost announcement, when nothing else is announced")
    func lost() async throws {
        try await TestDatabase.twoWays { direct, behind, proxy in
            try await direct.projecting(Board()) {
                let queries = behind.boardQueries()
                let stream = try Note.stream()
                _ = try await direct.store.append(Note.append(to: stream, ["old"]))
                let head = try await direct.store.head()
                try await eventually("it is kept") {
                    _ = try await queries.ask(GetNote(note: stream.rawValue), .reader(after: head))
                    return try await queries.ask(GetNote(note: stream.rawValue), .reader(after: head)).cache == .hit
                }
                proxy.add(.drop(.notificationResponse))
                _ = try await direct.store.append(Note.append(to: stream, ["new"]))
                // Demanded, it is there at once all the same.
                let demanded = try await queries.ask(GetNote(note: stream.rawValue), .reader(after: head.next))
                #expect(demanded.value.text == "new")
                try await eventually("the new text", within: .seconds(5)) {
                    try await queries.ask(GetNote(note: stream.rawValue), .reader()).value.text == "new"
                }
            }
        }
    }

    @Test("Too many rows and too much time are refused, and the server stops")
    func limits() async throws {
        try await TestDatabase.with { database in
            try await database.projecting(Board()) {
                let queries = database.boardQueries()
                for _ in 0..<50 { _ = try await database.store.append(Note.append(to: try Note.stream())) }
                let full = try await database.store.head()
                #expect(try await queries.ask(ListNotes(), .reader(after: full)).value.count == 50)
                _ = try await database.store.append(Note.append(to: try Note.stream()))
                let beyond = try await database.store.head()
                await #expect(throws: TooManyRows("ListNotes", limit: 50)) { try await queries.ask(ListNotes(), .reader(after: beyond)) }

                await #expect(throws: QueryTimedOut("WaitSeconds")) { try await queries.ask(WaitSeconds(seconds: 60), .reader()) }
                try await eventually("nothing sleeps any more") {
                    try await database.pool.execute(
                        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '%pg_sleep(%' AND pid <> pg_backend_pid()"
                    ).isEmpty
                }
            }
        }
    }

    @Test("No generation goes live that has applied less than the one before it")
    func neverLess() async throws {
        try await TestDatabase.with { database in
            try await database.projecting(Board()) {
                try await database.note(3)
                try await eventually("applied") { try await database.status(Board.name)?.position == 3 }
                _ = try await Rebuild(Board(), in: database).run()
                try await database.note(2)
                try await eventually("applied") { try await database.status(Board.name)?.position == 5 }
                let error = await #expect(throws: PostgresError.self) {
                    try await database.pool.withTransaction { connection in
                        try await connection.execute("UPDATE leftfold.generations SET state = 'retired' WHERE state = 'live'")
                        try await connection.execute("UPDATE leftfold.generations SET state = 'live' WHERE number = 1")
                    }
                }
                #expect(error?.sqlState == SQLState("LF005"))
            }
        }
    }
}
