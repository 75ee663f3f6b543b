import Foundation
import Leftfold
import LeftfoldTesting

/// What one caller appends: the first event of one new stream after the other.
struct AppendTraffic: Sendable {
    /// Projections follow `user` and pass `probe` by.
    enum Category: String { case user, probe }

    let category: Category
    var random: SeededGenerator

    private static let event = NewEvent(type: EventType("UserCreated"), data: Array(#"{"email":"ada@example.org","name":"Ada"}"#.utf8))

    mutating func append(to store: some EventStore) async throws {
        let id = random.uuid()
        let commandID = random.uuid()
        let correlationID = commandID.uuidString.lowercased()
        guard let stream = StreamName(rawValue: "\(category)-\(id.uuidString.lowercased())") else {
            throw Unexpected(description: "a bad stream name")
        }
        let result = try await store.append(
            AppendRequest(
                commandID: commandID, content: Self.event.data, commandName: "CreateUser", principal: "bench", correlationID: correlationID,
                receivedAt: Date(), stream: stream,
                write: .events(
                    [Self.event],
                    metadata: EventMetadata(.init(correlationID: correlationID, causationID: correlationID, principal: "bench")),
                    expected: .noStream, claims: .none)))
        guard case .appended = result else { throw Unexpected(description: "an append came out as \(result)") }
    }
}

/// Something did not go as every benchmark takes for granted: its figures would mean nothing.
struct Unexpected: Error, CustomStringConvertible {
    let description: String
}
