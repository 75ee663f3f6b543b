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

    /// The versions in `If-Match`; nil for any. Weak tags never match (RFC 9110 §13.1.1): where there are no others, the condition is
    /// false. `*` asks for a resource that exists, which the command itself knows better.
    static func ifMatch(_ headers: HTTPFields) throws(RequestRefusal) -> [StreamVersion]? {
        guard headers.contains(.ifMatch) else { return nil }
        guard let tags = EntityTagList(headers, .ifMatch) else { throw .invalidIfMatch }
        guard case .tags(let tags) = tags else { return nil }
        let strong = tags.filter { !$0.isWeak }
        guard !strong.isEmpty else { throw .weakIfMatch }
        return try strong.map { tag throws(RequestRefusal) in
            // Another one than we gave is no version that a client can have seen.
            guard let version = WholeNumber.parse(tag.opaque.dropFirst().dropLast()) else { throw .invalidIfMatch }
            return StreamVersion(rawValue: version)
        }
    }

    /// Whether `If-None-Match` names this tag; weak comparison, as RFC 9110 has it. What is malformed names none.
    static func isKnown(_ tag: String, _ headers: HTTPFields) -> Bool {
        switch EntityTagList(headers, .ifNoneMatch) {
        case .any: true
        case .tags(let tags): tags.contains { $0.opaque.elementsEqual(tag.utf8) }
        case nil: false
        }
    }
}

/// What stands in `If-Match` and `If-None-Match`. A comma within quotes separates nothing.
enum EntityTagList {
    case any
    case tags([Tag])

    struct Tag {
        let isWeak: Bool
        /// With its quotes.
        let opaque: ArraySlice<UInt8>
    }

    /// Nil where there is no such field, or it is malformed.
    init?(_ headers: HTTPFields, _ name: HTTPField.Name) {
        let fields = headers.all(name)
        if fields.count == 1, fields[0].trimmed.elementsEqual([UInt8(ascii: "*")]) {
            self = .any
            return
        }
        var tags: [Tag] = []
        for field in fields {
            guard Self.read(field, into: &tags) else { return nil }
        }
        guard !tags.isEmpty else { return nil }
        self = .tags(tags)
    }

    private static func read(_ field: [UInt8], into tags: inout [Tag]) -> Bool {
        var rest = field[...]
        while true {
            // Elements of lists may be empty (RFC 9110 §5.6.1).
            rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ",") }
            guard !rest.isEmpty else { return true }
            let isWeak = rest.starts(with: "W/".utf8)
            if isWeak { rest = rest.dropFirst(2) }
            guard rest.first == UInt8(ascii: "\""), let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "\"")),
                rest[..<end].dropFirst().allSatisfy({ $0 > 0x20 && $0 != 0x7F })
            else { return false }
            tags.append(Tag(isWeak: isWeak, opaque: rest[...end]))
            rest = rest[rest.index(after: end)...].drop { $0 == 0x20 || $0 == 0x09 }
            guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { return false }
        }
    }
}
