import Foundation
import Leftfold
import LeftfoldTesting
import LeftfoldUsers
import Synchronization

@testable import LeftfoldImport

func users(on store: any EventStore) -> CommandBus {
    CommandBus(
        store: store, policy: UsersPolicy.roles,
        commands: [CreateUser.self, UpdateUser.self, DeactivateUser.self, ReactivateUser.self])
}

let testOperator = Principal.localOperator(roles: ["admin"])

/// A file in memory, handed out in pieces.
struct Text: ByteSource {
    let size: Int?
    private let pieces: Shared<[[UInt8]]>

    init(_ text: String, pieces sizes: () -> Int = { 1 << 18 }) { self.init(Array(text.utf8), pieces: sizes) }

    init(_ bytes: [UInt8], pieces sizes: () -> Int = { 1 << 18 }) {
        size = bytes.count
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(max(sizes(), 1))
            pieces.append(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        self.pieces = .init(pieces.reversed())
    }

    func read() async throws -> Piece { pieces.withLock { $0.popLast().map { .bytes($0) } ?? .end } }
}

extension SeededGenerator {
    /// `LEFTFOLD_ROUNDS=1000 swift test` looks longer.
    static let rounds = ProcessInfo.processInfo.environment["LEFTFOLD_ROUNDS"].flatMap { Int($0) } ?? 8
}

/// Passes everything on, after calling a hook.
struct HookedStore: EventStore {
    let base: any EventStore
    var history: LogHistory { base.history }
    var beforeAppend: @Sendable ([Append]) async throws -> Void = { _ in }
    var afterAppend: @Sendable ([Append]) async throws -> Void = { _ in }
    var beforeRead: @Sendable () async throws -> Void = {}
    var beforeRecord: @Sendable () async throws -> Void = {}

    func append(_ chain: [Append]) async throws -> [AppendAnswer] {
        try await beforeAppend(chain)
        let answers = try await base.append(chain)
        try await afterAppend(chain)
        return answers
    }
    func record(_ refused: RefusedCommand) async throws -> RecordAnswer {
        try await beforeRecord()
        return try await base.record(refused)
    }
    func read(_ stream: StreamName, after version: StreamVersion, limit: Int?) async throws -> [RecordedEvent] {
        try await beforeRead()
        return try await base.read(stream, after: version, limit: limit)
    }
    func read(after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent] {
        try await base.read(after: position, limit: limit)
    }
    func read(matching query: EventQuery, after position: GlobalPosition, limit: Int) async throws -> [RecordedEvent] {
        try await base.read(matching: query, after: position, limit: limit)
    }
    func head() async throws -> GlobalPosition { try await base.head() }
    func journalEntry(for commandID: UUID) async throws -> JournalEntry? { try await base.journalEntry(for: commandID) }
    func journal(_ filter: JournalFilter) async throws -> [JournalEntry] { try await base.journal(filter) }
    func holders(of claims: [Claim]) async throws -> [Claim: StreamName] { try await base.holders(of: claims) }
    func takeOver(_ follower: FollowerName) async throws -> Checkpoint { try await base.takeOver(follower) }
}

/// Time that passes only when somebody waits.
final class TestTime: Sendable {
    private let elapsed = Mutex(Duration.zero)

    var piece: Timepiece {
        Timepiece(
            now: { self.elapsed.withLock { $0 } },
            sleep: { pause in
                self.elapsed.withLock { $0 += pause }
                await Task.yield()
            })
    }
}

extension Importer {
    /// Of users, in time that does not really pass.
    static func test(on store: any EventStore) -> Importer {
        var importer = Importer(store: store, principal: testOperator) { users(on: $0) }
        importer.time = TestTime().piece
        return importer
    }

    /// Imports a text; the problems in the order in which they were reported.
    func importing(_ text: String, format: ImportFormat = .jsonl) async throws -> (result: ImportResult, problems: [LineProblem]) {
        let problems = Shared<[LineProblem]>([])
        let result = try await run(Text(text), format: format, name: "test") { problem in problems.withLock { $0.append(problem) } }
        return (result, problems.value)
    }
}
