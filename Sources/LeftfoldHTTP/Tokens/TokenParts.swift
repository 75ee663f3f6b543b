import Foundation
import Leftfold

/// A token taken apart as far as a stranger's may be: its header is read, nothing in it is believed, and the claims stay bytes
/// until the signature was found good.
struct TokenParts {
    let header: TokenHeader
    let signed: ArraySlice<UInt8>
    let signature: [UInt8]
    private let claims: ArraySlice<UInt8>

    init(_ token: [UInt8]) throws(TokenRefusal) {
        let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0].prefix(TokenHeader.maximumLength * 4 / 3 + 1)),
            let signature = Base64URL.decode(parts[2]), !signature.isEmpty
        else { throw .invalid }
        self.header = try TokenHeader(json: header)
        self.signature = signature
        claims = parts[1]
        signed = token[..<parts[1].endIndex]
    }

    /// To be called when the signature is good.
    func readClaims() throws(TokenRefusal) -> TokenClaims {
        guard let json = Base64URL.decode(claims) else { throw .invalid }
        return try TokenJSON.decode(TokenClaims.self, json)
    }
}

/// JSON of a token: looked over for depth and repeated keys like any other, but fields that we do not know are allowed.
private enum TokenJSON {
    static func decode<T: Decodable>(_ type: T.Type, _ json: [UInt8]) throws(TokenRefusal) -> T {
        do {
            _ = try StrictJSON.decode(Anything.self, from: json)
            return try JSONDecoder().decode(T.self, from: Data(json))
        } catch {
            throw .invalid
        }
    }

    private struct Anything: Decodable {
        init(from decoder: any Decoder) throws {}
    }
}

/// The header of a token. What would have us fetch or trust another key, or demands what we do not know, is refused.
struct TokenHeader: Codable {
    /// In bytes of JSON. Longer ones, and what is not ASCII, are refused: anybody can write a header, and reading text of other
    /// kinds can cost more than its length.
    static let maximumLength = 1024
    /// In bytes, of a `kid`.
    static let maximumIDLength = 255

    let alg: String
    let kid: String
    let typ: String

    init(alg: String, kid: String) {
        (self.alg, self.kid, typ) = (alg, kid, "JWT")
    }

    init(json: [UInt8]) throws(TokenRefusal) {
        guard json.count <= Self.maximumLength, json.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw .invalid }
        self = try TokenJSON.decode(Self.self, json)
        guard kid.utf8.count <= Self.maximumIDLength, Self.types.contains(where: { $0.utf8.elementsEqual(typ.lowercased().utf8) })
        else { throw .invalid }
    }

    init(from decoder: any Decoder) throws {
        let refused = try decoder.container(keyedBy: Refused.self)
        if let field = refused.allKeys.first {
            throw DecodingError.dataCorruptedError(forKey: field, in: refused, debugDescription: "not allowed")
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        alg = try container.decode(String.self, forKey: .alg)
        kid = try container.decode(String.self, forKey: .kid)
        typ = try container.decode(String.self, forKey: .typ)
    }

    /// RFC 7519 §5.1 and RFC 9068 §4.
    private static let types = ["jwt", "at+jwt", "application/at+jwt"]

    private enum CodingKeys: String, CodingKey { case alg, kid, typ }
    private enum Refused: String, CodingKey { case crit, jku, jwk, x5u, x5c }
}
