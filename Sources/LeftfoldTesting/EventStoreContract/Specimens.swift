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

/// Events `Noted {"number":1}` … with these numbers.
func noted(_ numbers: some Sequence<Int>) -> [NewEvent] {
    numbers.map { NewEvent(type: "Noted", data: Array(#"{"number":\#($0)}"#.utf8)) }
}

extension AppendRequest {
    static func events(
        _ events: [NewEvent], to stream: StreamName, expected: ExpectedVersion = .any, claims: ClaimChanges = .none,
        metadata: EventMetadata = EventMetadata(json: Array("{}".utf8)), id: UUID = UUID(), content: String = "content"
    ) -> AppendRequest {
        request(.events(events, metadata: metadata, expected: expected, claims: claims), stream, id, content)
    }

    static func refusal(
        _ outcome: Outcome, code: String, of stream: StreamName?, id: UUID = UUID(), content: String = "content"
    ) -> AppendRequest {
        request(.refusal(outcome, code: code), stream, id, content)
    }

    private static func request(_ write: Write, _ stream: StreamName?, _ id: UUID, _ content: String) -> AppendRequest {
        AppendRequest(
            commandID: id, content: Array(content.utf8), commandName: "Note", principal: "contract", tenant: nil,
            correlationID: "conversation", causationID: nil, receivedAt: Date(timeIntervalSince1970: 1_750_000_000),
            stream: stream, write: write)
    }
}

extension EventStore {
    /// Appends and insists that it worked.
    @discardableResult
    func accept(
        _ request: AppendRequest, file: String = #fileID, line: Int = #line
    ) async throws -> (version: StreamVersion, position: GlobalPosition) {
        switch try await append(request) {
        case .appended(let version, let position): return (version, position)
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
