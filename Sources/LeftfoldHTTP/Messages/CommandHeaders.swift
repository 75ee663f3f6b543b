import Foundation
import HTTPTypes
import Leftfold

/// What a command's headers say about it.
enum CommandHeaders {
    /// Reads the key first, so that whatever is refused afterwards is on record under it.
    static func read(_ headers: HTTPFields, into context: inout CommandContext) throws(RequestRefusal) {
        if let key = headers[.idempotencyKey] {
            guard let id = UUID(uuidString: key) else { throw .invalidIdempotencyKey }
            context.commandID = id
        }
        _ = try ReadSession.read(headers)
        context.causationID = try CorrelationID.readCausation(headers)
        context.expectedVersion = try EntityTag.ifMatch(headers)
    }
}
