import Crypto
import HTTPTypes
import Leftfold

/// `"3"`: version 3 of the resource. Of answers that have no version: a digest of their bytes.
enum EntityTag {
    static func of(_ version: Int64) -> String { "\"\(version)\"" }
    static func of(_ json: [UInt8]) -> String { "\"\(digest(json))\"" }

    /// 96 bits of SHA-256, as URLs have them.
    static func digest(_ json: [UInt8]) -> String { Base64URL.encode(Array(SHA256.hash(data: json).prefix(12))) }
    static let digestLength = 16

    /// The version in `If-Match`. Neither `*` nor lists nor weak tags: the client names the one version it decided on.
    static func ifMatch(_ headers: HTTPFields) throws(RequestRefusal) -> StreamVersion? {
        guard let field = headers[.ifMatch] else { return nil }
        guard field.utf8.count > 2, field.first == "\"", field.last == "\"",
            let version = WholeNumber.parse(field.dropFirst().dropLast())
        else { throw .invalidIfMatch }
        return StreamVersion(rawValue: version)
    }

    /// Whether `If-None-Match` names this tag; weak comparison, as RFC 9110 has it.
    static func isKnown(_ tag: String, _ headers: HTTPFields) -> Bool {
        guard let field = headers[.ifNoneMatch] else { return false }
        return field.split(separator: ",").contains { candidate in
            let candidate = candidate.drop { $0 == " " }
            return candidate == tag || candidate == "*" || (candidate.hasPrefix("W/") && candidate.dropFirst(2) == tag)
        }
    }
}

/// Digits and nothing else: no sign, no blanks.
enum WholeNumber {
    static func parse(_ text: some StringProtocol) -> Int64? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int64(text)
    }
}
