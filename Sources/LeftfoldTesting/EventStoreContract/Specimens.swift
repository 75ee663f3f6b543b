import Foundation
import Leftfold

/// Streams of the contract's own.
private struct Specimen: Aggregate {
    enum Event: Leftfold.Event {
        case noted(number: Int)
        enum CodingKeys: String, CodingKey, CaseIterable { case noted = "Noted" }
    }
    enum Rejection: String, Leftfold.Rejection {
        case never
        var message: String { "Never." }
    }
    static let category: StreamCategory = "contract"
    mutating func evolve(_ event: Event) {}
}

func newStream() -> StreamName { StreamID<Specimen>(UUID()).name }
func newClaim(_ kind: String = "email") -> Claim { Claim(kind, "\(UUID().uuidString.lowercased())@example.org") }
func newTag(_ kind: String = "course") -> Tag { "\(kind):\(UUID().uuidString.lowercased())" }

/// Events `Noted {"number":1}` … with these numbers.
func noted(_ numbers: some Sequence<Int>, tags: Set<Tag> = []) -> [NewEvent] {
    numbers.map { NewEvent(type: "Noted", data: Array(#"{"number":\#($0)}"#.utf8), tags: tags) }
}

/// A command of the contract's own.
func command(_ id: UUID = UUID(), content: String = "content") -> CommandRecord {
    CommandRecord(
        name: "Note",
        context: CommandContext(
            commandID: id, principal: Principal(subject: "contract"), correlationID: "conversation",
            receivedAt: Date(timeIntervalSince1970: 1_750_000_000)),
        content: Array(content.utf8))
}

extension ClaimChanges {
    static func taking(_ claims: Claim..., releasing: [Claim] = []) -> Self { Self(released: releasing, taken: claims) }
    static func releasing(_ claims: Claim...) -> Self { Self(released: claims, taken: []) }
}

extension Append {
    var commandID: UUID { command.context.commandID }

    /// To one stream.
    static func events(
        _ events: [NewEvent], to stream: StreamName, expected: ExpectedVersion = .any, claims: ClaimChanges = .none, id: UUID = UUID(),
        content: String = "content", traceparent: String? = nil
    ) -> Append {
        Append(
            LeftfoldTesting.command(id, content: content), StreamWrite(stream, expected: expected, events: events, claims: claims),
            traceparent: traceparent)
    }

    /// To any number of streams.
    static func writes(
        _ writes: StreamWrite..., conditions: [AppendCondition] = [], progress: FollowerProgress? = nil, id: UUID = UUID(),
        content: String = "content"
    ) throws -> Append {
        try Append(LeftfoldTesting.command(id, content: content), writes, conditions: conditions, progress: progress)
    }
}

extension RefusedCommand {
    static func refusal(
        _ kind: RefusalKind, code: String, of streams: StreamName..., id: UUID = UUID(), content: String = "content"
    ) -> RefusedCommand {
        RefusedCommand(LeftfoldTesting.command(id, content: content), for: streams, kind, code: code)
    }
}

extension Appended {
    /// Of the first stream.
    var version: StreamVersion? { streams.first?.version }

    init(_ stream: StreamName, at version: StreamVersion, position: GlobalPosition) {
        self.init([StreamProgress(stream, at: version)], at: position)
    }
}

extension EventStore {
    /// Appends and insists that it worked.
    @discardableResult
    func accept(_ append: Append, file: String = #fileID, line: Int = #line) async throws -> Appended {
        switch try await self.append(append) {
        case .appended(let appended): return appended
        case let other: throw ContractBroken(description: "expected the append to be accepted, got \(other) (\(file):\(line))")
        }
    }

    /// Insists that the body leaves no event, and that what it was told to write has no journal row.
    func unchanged(
        _ streams: StreamName..., without ids: [UUID] = [], file: String = #fileID, line: Int = #line,
        _ body: () async throws -> Void
    ) async throws {
        let head = try await head()
        var before: [[RecordedEvent]] = []
        for stream in streams { before.append(try await read(stream)) }
        try await body()
        try expect(try await self.head(), head, "head", file: file, line: line)
        for (stream, events) in zip(streams, before) {
            try expect(try await read(stream), events, "events of \(stream)", file: file, line: line)
        }
        for id in ids { try expect(try await journalEntry(for: id), nil, "journal row", file: file, line: line) }
    }
}

extension GlobalPosition {
    func advanced(by count: Int) -> Self { Self(rawValue: rawValue + Int64(count)) }
}
