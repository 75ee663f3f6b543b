import Foundation
import Leftfold
import LeftfoldPostgres

extension LeftfoldDatabase {
    /// Appends events as one command, whatever the stream's version. Returns the last position.
    func append<A: Aggregate>(_ events: [A.Event], to stream: StreamID<A>) async throws -> GlobalPosition {
        let id = UUID()
        let request = AppendRequest(
            commandID: id, content: Array("\(id)".utf8), commandName: "Given", principal: "test", correlationID: "test", receivedAt: Date(),
            stream: stream.name,
            write: .events(
                try events.map { try EventCodec.encode($0) }, metadata: EventMetadata(json: Array("{}".utf8)), expected: .any, claims: .none
            )
        )
        guard case .appended(_, let position) = try await store.append(request) else { throw NotAppended(stream: "\(stream.name)") }
        return position
    }
}

/// The given events could not be stored.
struct NotAppended: Error, CustomStringConvertible {
    let stream: String
    var description: String { "the given events were not appended to \(stream)" }
}
