import Foundation
import HTTPTypes
import Leftfold

/// Ids that clients choose and we repeat in answers, logs and metadata: short and printable, so that they can do no harm there.
enum CorrelationID {
    static func read(_ headers: HTTPFields) throws(RequestRefusal) -> String {
        guard let id = headers[.correlationID] else { return generated() }
        guard isWellFormed(id) else { throw .invalidCorrelationID }
        return id
    }

    static func readCausation(_ headers: HTTPFields) throws(RequestRefusal) -> String? {
        guard let id = headers[.causationID] else { return nil }
        guard isWellFormed(id) else { throw .invalidCausationID }
        return id
    }

    static func generated() -> String { UUID().text }

    private static func isWellFormed(_ id: String) -> Bool {
        (1...128).contains(id.utf8.count) && id.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }
}
