import Foundation
import Leftfold

/// A token taken apart: nothing in it is believed yet.
struct TokenParts {
    let header: TokenHeader
    let claims: TokenClaims
    let signed: [UInt8]
    let signature: [UInt8]

    init(_ token: String) throws(TokenRefusal) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]), let claims = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2]), !signature.isEmpty
        else { throw .invalid }
        self.header = try TokenJSON.decode(TokenHeader.self, header)
        self.claims = try TokenJSON.decode(TokenClaims.self, claims)
        signed = Array(token.utf8.prefix(token.utf8.count - parts[2].utf8.count - 1))
        self.signature = signature
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
    let alg: String
    let kid: String
    let typ: String?

    init(alg: String, kid: String) {
        (self.alg, self.kid, typ) = (alg, kid, "JWT")
    }

    init(from decoder: any Decoder) throws {
        let refused = try decoder.container(keyedBy: Refused.self)
        if let field = refused.allKeys.first {
            throw DecodingError.dataCorruptedError(forKey: field, in: refused, debugDescription: "not allowed")
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        alg = try container.decode(String.self, forKey: .alg)
        kid = try container.decode(String.self, forKey: .kid)
        typ = try container.decodeIfPresent(String.self, forKey: .typ)
    }

    private enum CodingKeys: String, CodingKey { case alg, kid, typ }
    private enum Refused: String, CodingKey { case crit, jku, jwk, x5u, x5c }
}

/// The claims that we require, and the two that we offer.
struct TokenClaims: Codable {
    var iss: String
    var aud: Audience
    var sub: String
    var iat: Double
    var exp: Double
    var nbf: Double?
    var roles: [String]?
    var tenant: String?

    /// One name or several.
    struct Audience: Codable {
        let names: [String]

        init(_ name: String) { names = [name] }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let name = try? container.decode(String.self) {
                names = [name]
            } else {
                names = try container.decode([String].self)
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            if let only = names.first, names.count == 1 { try container.encode(only) } else { try container.encode(names) }
        }
    }
}
