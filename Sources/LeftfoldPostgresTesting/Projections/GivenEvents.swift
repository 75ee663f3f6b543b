import Foundation
import Leftfold
import LeftfoldPostgres

extension LeftfoldDatabase {
    /// Appends events as one command, whatever the stream's version. Returns the last position.
    func append<A: Aggregate>(_ events: [A.Event], to stream: StreamID<A>) async throws -> GlobalPosition {
        let context = CommandContext(principal: Principal(subject: "test"))
        let command = CommandRecord(name: "Given", context: context, content: Array("\(context.commandID)".utf8))
        let write = StreamWrite(stream.name, expected: .any, events: try events.map { try EventCodec.encode($0) })
        guard case .appended(let appended) = try await store.append(Append(command, write)) else { throw NotAppended(stream: stream.name) }
        return appended.position
    }
}

/// The given events could not be stored.
struct NotAppended: Error, CustomStringConvertible {
    let stream: StreamName
    var description: String { "the given events were not appended to \(stream)" }
}
