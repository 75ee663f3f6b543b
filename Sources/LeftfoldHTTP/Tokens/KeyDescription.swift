import Foundation
import JWTKit
import Leftfold

extension JSONWebKeySet {
    struct Document: Decodable {
        var keys: [KeyDescription]
    }

    /// One key as the document tells it. The parts of each kind of key are read where the key is made.
    struct KeyDescription: Decodable {
        let kty: String
        let kid: String?
        let alg: String?
        /// The secret of an `oct` key.
        private let k: String?
        /// The private part of the others.
        private let d: String?
        private let asymmetric: Result<JWK, any Error>

        enum CodingKeys: String, CodingKey { case kty, kid, alg, k, d }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            kty = try container.decode(String.self, forKey: .kty)
            kid = try container.decodeIfPresent(String.self, forKey: .kid)
            alg = try container.decodeIfPresent(String.self, forKey: .alg)
            k = try container.decodeIfPresent(String.self, forKey: .k)
            d = try container.decodeIfPresent(String.self, forKey: .d)
            asymmetric = Result { try JWK(from: decoder) }
        }

        func key() async throws -> Key {
            guard let kid, !kid.isEmpty else { throw Malformed(description: "A key in the key set has no kid.") }
            guard let alg else { throw Malformed(description: "The key “\(kid)” has no alg.") }
            guard let kind = Self.kinds[alg] else {
                throw Malformed(description: "The key “\(kid)” has the alg “\(alg)”, which is not allowed.")
            }
            guard kind == kty else {
                throw Malformed(description: "The key “\(kid)” is of kty “\(kty)”, which does not go with \(alg).")
            }
            let collection = JWTKeyCollection()
            let id = JWKIdentifier(string: kid)
            if kty == "oct" {
                try await add(to: collection, id, alg)
            } else {
                guard case .success(let jwk) = asymmetric, (try? await collection.add(jwk: jwk)) != nil else {
                    throw Malformed(description: "The key “\(kid)” cannot be read.")
                }
            }
            guard let signature = try? await collection.getKey(for: id), signature.name == alg else {
                throw Malformed(description: "The key “\(kid)” does not fit \(alg).")
            }
            return Key(id: kid, algorithm: alg, signature: signature, canSign: kty == "oct" || d != nil)
        }

        private func add(to collection: JWTKeyCollection, _ id: JWKIdentifier, _ alg: String) async throws {
            guard let (digest, length) = Self.digests[alg], let k, let secret = Base64URL.decode(k), secret.count >= length else {
                let length = Self.digests[alg]?.length ?? 32
                throw Malformed(description: "The secret of the key “\(id.string)” must be base64url of at least \(length) bytes.")
            }
            await collection.add(hmac: HMACKey(from: secret), digestAlgorithm: digest, kid: id)
        }

        private static let digests: [String: (DigestAlgorithm, length: Int)] = [
            "HS256": (.sha256, 32), "HS384": (.sha384, 48), "HS512": (.sha512, 64),
        ]

        private static let kinds = [
            "HS256": "oct", "HS384": "oct", "HS512": "oct",
            "RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
            "ES256": "EC", "ES384": "EC", "ES512": "EC", "EdDSA": "OKP",
        ]
    }
}
