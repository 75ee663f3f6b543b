import Foundation
import LeftfoldTesting
import Synchronization
import Testing

@testable import Leftfold

private struct GetPiece: Query {
    struct Answer: Codable, Sendable, Equatable { var text: String }
    static let permission: Permission = "pieces:read"
    static let reads: [ProjectionName] = ["pieces"]
    static let timeout = Duration.seconds(60)
    var id: Int
    func dependencies(of answer: Answer) -> Dependencies { ["piece/\(id)"] }
}

/// Read tables that are changed by hand, and announced by hand.
private final class Pieces: Sendable {
    struct State {
        var text = "one"
        var position: GlobalPosition = 1
        var failure: (any Error & Sendable)?
        var reads = 0
    }

    let state = Mutex(State())
    let progress = ReadModelProgress()

    init() {
        progress.beganListening()
        learn(at: 1)
    }

    var reads: Int { state.withLock { $0.reads } }

    func learn(at position: GlobalPosition) {
        _ = progress.learn([ReadModelSighting("pieces", "pieces.1", at: position)], since: progress.start())
    }

    /// A batch that touches something is committed, and announced.
    func commit(_ text: String? = nil, at position: GlobalPosition, touching dependencies: Dependencies, isAnnounced: Bool = true) {
        let before = state.withLock { state in
            defer {
                state.position = position
                if let text { state.text = text }
            }
            return state.position
        }
        if isAnnounced { progress.advanced("pieces.1", from: before, to: position, touching: dependencies) }
    }

    func bus(cached: Bool = true) -> QueryBus {
        let handler = QueryHandler(GetPiece.self, isCacheable: true) { [self] _, _ in
            let (text, position) = try state.withLock { state in
                state.reads += 1
                if let failure = state.failure { throw failure }
                return (state.text, state.position)
            }
            return Answered(.init(text: text), at: position)
        }
        return QueryBus(
            policy: RolePolicy(["reader": ["pieces:read"]]), handlers: [handler], cache: cached ? QueryCache(progress) : nil)
    }
}

@Suite("Live answers", .timeLimit(.minutes(10)))
struct LiveAnswersTests {
    private let pieces = Pieces()

    private func watch(cached: Bool = true, roles: Set<String> = ["reader"]) -> LiveAnswers<GetPiece> {
        pieces.bus(cached: cached)
            .watch(GetPiece(id: 1), QueryContext(principal: Principal(subject: "r", roles: roles), correlationID: "test"))
    }

    @Test("begin with the answer, and go on with each other one")
    func changes() async throws {
        var answers = watch().makeAsyncIterator()
        #expect(try await answers.next()?.value.text == "one")
        pieces.commit("two", at: 2, touching: ["piece/1"])
        let second = try #require(try await answers.next())
        #expect((second.value.text, second.position) == ("two", 2))
        pieces.commit("three", at: 3, touching: .everything)
        #expect(try await answers.next()?.value.text == "three")
    }

    @Test("cost nothing while others change, and leave out what is the same")
    func untouched() async throws {
        var answers = watch().makeAsyncIterator()
        _ = try await answers.next()
        for position in 2...50 { pieces.commit(at: GlobalPosition(rawValue: Int64(position)), touching: ["piece/2"]) }
        #expect(try await answers.next(within: .milliseconds(200)) == nil)
        #expect(pieces.reads == 1)
        pieces.commit("one", at: 51, touching: ["piece/1"])
        #expect(try await answers.next(within: .milliseconds(500)) == nil)
        pieces.commit("two", at: 52, touching: ["piece/1"])
        #expect(try await answers.next()?.position == 52)
    }

    @Test("are conflated for a slow reader, who ends at the newest")
    func conflated() async throws {
        var answers = watch().makeAsyncIterator()
        _ = try await answers.next()
        for position in 2...20 { pieces.commit("text \(position)", at: GlobalPosition(rawValue: Int64(position)), touching: ["piece/1"]) }
        #expect(try await answers.next()?.value.text == "text 20")
        #expect(try await answers.next(within: .milliseconds(200)) == nil)
    }

    @Test("are found by looking where nobody tells", arguments: [true, false])
    func polled(isCached: Bool) async throws {
        var answers = watch(cached: isCached).makeAsyncIterator()
        if isCached { pieces.progress.stoppedListening() }
        _ = try await answers.next()
        pieces.commit("two", at: 2, touching: ["piece/1"], isAnnounced: false)
        #expect(try await answers.next()?.value.text == "two")
    }

    @Test("survive a loss of connection, and are told at once")
    func loss() async throws {
        var answers = watch().makeAsyncIterator()
        _ = try await answers.next()
        pieces.commit("two", at: 2, touching: ["piece/1"], isAnnounced: false)
        let progress = pieces.progress
        async let lost: Void = eventually("it waits") {
            guard progress.waiting == 1 else { return false }
            progress.stoppedListening()
            return true
        }
        #expect(try await answers.next()?.value.text == "two")
        try await lost
    }

    @Test("survive what passes, and end with what does not")
    func failures() async throws {
        var answers = watch().makeAsyncIterator()
        _ = try await answers.next()
        pieces.state.withLock { $0.failure = Unavailable("away") }
        pieces.commit("two", at: 2, touching: ["piece/1"])
        #expect(try await answers.next(within: .milliseconds(300)) == nil)
        pieces.state.withLock { $0.failure = nil }
        #expect(try await answers.next()?.value.text == "two")

        pieces.state.withLock { $0.failure = NotFound(code: "piece_not_found", "gone") }
        pieces.commit(at: 3, touching: ["piece/1"])
        await #expect(throws: NotFound.self) { _ = try await answers.next() }
    }

    @Test("are refused like any question at the beginning")
    func refused() async throws {
        await #expect(throws: Forbidden.self) { for try await _ in watch(roles: []) {} }
        pieces.state.withLock { $0.failure = Unavailable("away") }
        await #expect(throws: Unavailable.self) { for try await _ in watch() {} }
    }

    @Test("never go back, and end if the database did")
    func restored() async throws {
        var live = watch(cached: false)
        live.pace.poll = .milliseconds(5)
        live.pace.shortest = .milliseconds(1)
        live.pace.tolerance = .milliseconds(200)
        pieces.commit("ten", at: 10, touching: .everything)
        var answers = live.makeAsyncIterator()
        #expect(try await answers.next()?.value.text == "ten")
        pieces.commit("nine", at: 9, touching: .everything)
        await #expect(throws: NotYetVisible(wanted: 10, reached: 9)) { _ = try await answers.next() }
    }

    @Test("end with their task, and leave nobody waiting")
    func cancelled() async throws {
        let (live, progress) = (watch(), pieces.progress)
        let reader = Task { for try await _ in live {} }
        try await eventually("it waits") { progress.waiting == 1 }
        reader.cancel()
        await #expect(throws: CancellationError.self) { try await reader.value }
        #expect(progress.waiting == 0)
        #expect(pieces.progress.hasDependents == true, "the kept answer")
    }

    @Test("of many who ask the same are read once")
    func shared() async throws {
        let bus = pieces.bus()
        let (pieces, progress) = (pieces, pieces.progress)
        let context = QueryContext(principal: Principal(subject: "r", roles: ["reader"]), correlationID: "test")
        try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    for try await answered in bus.watch(GetPiece(id: 1), context) where answered.value.text == "two" { return "two" }
                    return nil
                }
            }
            try await eventually("all wait") { progress.waiting == 50 }
            pieces.commit("two", at: 2, touching: ["piece/1"])
            for try await text in group { #expect(text == "two") }
        }
        #expect(pieces.reads == 2)
    }
}
