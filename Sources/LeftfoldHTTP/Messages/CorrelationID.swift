import Foundation
import HTTPTypes
import Leftfold

/// Ids that clients choose and we repeat in answers, logs and metadata: short and printable, so that they can do no harm there.
enum CorrelationID {
    static func read(_ headers: HTTPFields) throws(RequestRefusal) -> String {
        try read(.correlationID, headers, else: .invalidCorrelationID) ?? generated()
    }

    static func readCausation(_ headers: HTTPFields) throws(RequestRefusal) -> String? {
        try read(.causationID, headers, else: .invalidCausationID)
    }

    /// Foundation's `UUID()` opens a file for each one.
    static func generated() -> String { UUID.ordered().text }

    private static func read(
        _ name: HTTPField.Name, _ headers: HTTPFields, else refusal: RequestRefusal
    ) throws(RequestRefusal) -> String? {
        guard let id = try headers.single(name, atMost: 128, else: refusal) else { return nil }
        guard !id.isEmpty, id.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw refusal }
        return String(decoding: id, as: UTF8.self)
    }
}
