import Crypto
public import HTTPTypes

/// What a request shows to be let in: the token of `Authorization: Bearer …`.
///
/// It comes from strangers, so it is bytes and no `String`: at most 8 KiB of the characters that RFC 6750 allows, looked at once.
/// Nobody has hashed, compared or normalized it before. Its description does not show it.
public struct Credential: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// Longer ones are refused unread.
    public static let maximumLength = 8 << 10

    public let bytes: [UInt8]

    /// The credential of a request. Throws ``TokenRefusal/missing`` where there is none, ``TokenRefusal/invalid`` for one that cannot be.
    public init(_ headers: HTTPFields) throws(TokenRefusal) {
        var found: [UInt8]?
        for field in headers[fields: .authorization] {
            guard found == nil else { throw .invalid }
            found = try field.withUnsafeBytesOfValue { value throws(TokenRefusal) in try Self.token(value) }
        }
        guard let found else { throw .missing }
        try self.init(found)
    }

    /// The credential of the one `Authorization` of a request.
    init(authorization value: [UInt8]) throws(TokenRefusal) {
        try self.init(try value.withUnsafeBufferPointer { value throws(TokenRefusal) in try Self.token(value) })
    }

    private static func token(_ value: UnsafeBufferPointer<UInt8>) throws(TokenRefusal) -> [UInt8] {
        guard value.count > scheme.count, zip(value, scheme).allSatisfy({ $0 | 0x20 == $1 }) else { throw .missing }
        guard value.count <= scheme.count + maximumLength else { throw .invalid }
        return Array(value[scheme.count...])
    }

    /// Throws ``TokenRefusal/invalid`` for what no token is made of.
    public init(_ token: [UInt8]) throws(TokenRefusal) {
        guard !token.isEmpty, token.count <= Self.maximumLength, token.allSatisfy({ Self.isAllowed[Int($0)] }) else { throw .invalid }
        bytes = token
    }

    public var description: String { "Credential(\(bytes.count) bytes)" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// Stands for the credential where it is remembered: of one size, and no secret.
    var digest: Digest { Digest(bytes) }

    private static let scheme = Array("bearer ".utf8)

    /// `b64token`: letters, digits and `-._~+/=`.
    private static let isAllowed: [Bool] = (0...255).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case let mark: "-._~+/=".utf8.contains(mark)
        }
    }

    /// SHA-256.
    struct Digest: Hashable, Sendable {
        private let words: (UInt64, UInt64, UInt64, UInt64)

        init(_ bytes: some Sequence<UInt8>) {
            words = SHA256.hash(data: Array(bytes)).withUnsafeBytes { digest in
                let words = (0..<4).map { digest.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self).bigEndian }
                return (words[0], words[1], words[2], words[3])
            }
        }

        /// From 64 hexadecimal digits.
        init?(hexadecimal text: String) {
            guard text.utf8.count == 64, text.utf8.allSatisfy({ ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x66) || (0x30...0x39).contains($0) })
            else { return nil }
            var words: [UInt64] = []
            for index in 0..<4 {
                guard let word = UInt64(text.dropFirst(index * 16).prefix(16), radix: 16) else { return nil }
                words.append(word)
            }
            self.words = (words[0], words[1], words[2], words[3])
        }

        var hexadecimal: String {
            [words.0, words.1, words.2, words.3].map { word in
                let digits = String(word, radix: 16)
                return String(repeating: "0", count: 16 - digits.count) + digits
            }.joined()
        }

        /// All words are looked at, so that the time tells nothing.
        static func == (one: Digest, other: Digest) -> Bool {
            (one.words.0 ^ other.words.0) | (one.words.1 ^ other.words.1) | (one.words.2 ^ other.words.2) | (one.words.3 ^ other.words.3)
                == 0
        }

        func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
    }
}
