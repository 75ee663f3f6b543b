import Crypto
import HTTPTypes
import Leftfold

/// Names the answer that a client got last, so that a stream can be taken up again: `<token of the position>.<digest of the JSON>`.
struct EventID: Sendable, Equatable, CustomStringConvertible {
    let token: Int64
    let digest: String

    init(_ json: [UInt8], at token: Int64) {
        (self.token, digest) = (token, EntityTag.digest(json))
    }

    /// What `Last-Event-ID` names; nil where there is none, or an empty one, which browsers send for none.
    init?(_ headers: HTTPFields) throws(RequestRefusal) {
        let fields = headers[fields: .lastEventID]
        guard let field = fields.first else { return nil }
        let text: (bytes: [UInt8], isLong: Bool) = field.withUnsafeBytesOfValue { value in (Array(value.prefix(64)), value.count > 64) }
        if text.bytes.isEmpty { return nil }
        let parts = text.bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard fields.count == 1, !text.isLong, parts.count == 2, parts[1].count == EntityTag.digestLength,
            parts[1].allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            let token = WholeNumber.parse(parts[0])
        else { throw .invalidLastEventID }
        self.token = token
        digest = String(decoding: parts[1], as: UTF8.self)
    }

    var description: String { "\(token).\(digest)" }

    /// An iteration that goes on after this answer; nil where the log has lost it, so that the stream begins anew.
    func resumption(in history: LogHistory) async -> LiveResumption? {
        guard let position = try? await history.position(of: token) else { return nil }
        return LiveResumption(position) { [digest] in EntityTag.digest($0) == digest }
    }
}
