import Foundation
import HTTPTypes
import Leftfold

/// What a command's headers say about it.
enum CommandHeaders {
    static func read(_ headers: HTTPFields, into context: inout CommandContext) throws(RequestRefusal) {
        if let key = try headers.single(.idempotencyKey, atMost: 36, else: .invalidIdempotencyKey) {
            guard let id = UUID(uuidString: String(decoding: key, as: UTF8.self)) else { throw .invalidIdempotencyKey }
            context.commandID = id
        }
        _ = try ReadSession.tokens(headers)
        context.causationID = try CorrelationID.readCausation(headers)
        context.expectedVersions = try EntityTag.ifMatch(headers)
    }
}
