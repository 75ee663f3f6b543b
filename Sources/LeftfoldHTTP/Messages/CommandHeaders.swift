import Foundation
import HTTPTypes
import Leftfold

/// What a command's headers say about it.
enum CommandHeaders {
    /// Reads the causation first and the key next, so that the journal knows both of whatever is refused afterwards.
    static func read(_ headers: HTTPFields, into context: inout CommandContext) throws(RequestRefusal) {
        if let key = headers[.idempotencyKey] {
            guard let id = UUID(uuidString: key) else { throw .invalidIdempotencyKey }
            context.commandID = id
        }
        context.causationID = try CorrelationID.readCausation(headers)
        context.expectedVersion = try EntityTag.ifMatch(headers)
    }
}
