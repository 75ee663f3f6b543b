import Foundation
import Leftfold

/// What one caller appends: the first event of one new stream after the other, under ids as the service makes them.
struct AppendTraffic: Sendable {
    /// Projections follow `user` and pass `probe` by.
    enum Category: String { case user, probe }

    let category: Category

    private static let event = NewEvent(type: "UserCreated", data: Array(#"{"email":"ada@example.org","name":"Ada"}"#.utf8))

    mutating func append(to store: some EventStore) async throws {
        guard let stream = StreamName(rawValue: "\(category)-\(UUID.ordered().uuidString.lowercased())") else {
            throw Unexpected(description: "a bad stream name")
        }
        let command = CommandRecord(
            name: "CreateUser", context: CommandContext(principal: UserDirectoryService.editor), content: Self.event.data)
        let answer = try await store.append(Append(command, StreamWrite(stream, expected: .noStream, events: [Self.event])))
        guard case .appended = answer else { throw Unexpected(description: "an append came out as \(answer)") }
    }
}

/// Something did not go as every benchmark takes for granted: its figures would mean nothing.
struct Unexpected: Error, CustomStringConvertible {
    let description: String
}
