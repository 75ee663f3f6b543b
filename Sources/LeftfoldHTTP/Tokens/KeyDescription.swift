import Foundation
import JWTKit
import Leftfold

extension JSONWebKeySet {
    struct Document: Decodable {
        var keys: [KeyDescription]
    }

    /// One key as the document tells it. The parts of each kind of key are read where the key is made.
    struct KeyDescription: Decodable {
        private let kty: String?
        private let kid: String?
        private let alg: String?
        /// What it is for: `sig` or `enc`.
        private let use: String?
        private let operations: [String]?
        /// The secret of an `oct` key.
        private let k: String?
        /// The private part of the others.
        private let d: String?
        private let asymmetric: Result<JWK, any Error>

        enum CodingKeys: String, CodingKey { case kty, kid, alg, use, operations = "key_ops", k, d }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            // A field of another type than the standard's makes a key that is not for us, not a document that cannot be read.
            func text(_ key: CodingKeys) -> String? { try? container.decodeIfPresent(String.self, forKey: key) }
            (kty, kid, alg, use, k, d) = (text(.kty), text(.kid), text(.alg), text(.use), text(.k), text(.d))
            operations = try? container.decodeIfPresent([String].self, forKey: .operations)
            asymmetric = Result { try JWK(from: decoder) }
        }

        /// How it is called in messages; nil if it has no usable id.
        var name: String? { kid.flatMap { Self.isUsable(id: $0) ? "“\($0)”" : nil } }

        var isSecret: Bool { k != nil || d != nil }

        /// Why it is not for tokens; nil: it says that it is.
        var unfitness: String? {
            if let use, use != "sig" { return "is for another use than signatures" }
            if let operations, !operations.contains(where: { $0 == "verify" || $0 == "sign" }) {
                return "is for another use than signatures"
            }
            guard let kty, Self.kinds.values.contains(kty) else { return "is of an unknown kind" }
            guard name != nil else { return "has no kid" }
            guard let alg else { return "has no alg" }
            return Self.kinds[alg] == nil ? "has an alg that is not for tokens" : nil
        }

        /// The key of a description without ``unfitness``.
        func key() async throws -> Key {
            guard let kid, let alg, let kty else { throw Malformed(description: "A key in the key set has no kid or no alg.") }
            guard Self.kinds[alg] == kty else {
                throw Malformed(description: "The key “\(kid)” is of kty “\(kty)”, which does not go with \(alg).")
            }
            let collection = JWTKeyCollection()
            let id = JWKIdentifier(string: kid)
            if kty == "oct" {
                try await add(to: collection, id, alg)
            } else {
                guard case .success(let jwk) = asymmetric, (try? await collection.add(jwk: jwk)) != nil else {
                    throw Malformed(description: "The key “\(kid)” cannot be read, or is too short.")
                }
            }
            guard let signature = try? await collection.getKey(for: id), signature.name == alg else {
                throw Malformed(description: "The key “\(kid)” does not fit \(alg).")
            }
            return Key(id: kid, algorithm: alg, signature: signature, canSign: isSecret)
        }

        private func add(to collection: JWTKeyCollection, _ id: JWKIdentifier, _ alg: String) async throws {
            guard let (digest, length) = Self.digests[alg], let k, let secret = Base64URL.decode(k.utf8), secret.count >= length else {
                let length = Self.digests[alg]?.length ?? 32
                throw Malformed(description: "The secret of the key “\(id.string)” must be base64url of at least \(length) bytes.")
            }
            await collection.add(hmac: HMACKey(from: secret), digestAlgorithm: digest, kid: id)
        }

        /// Ids are told in logs, and looked up for strangers.
        private static func isUsable(id: String) -> Bool {
            (1...TokenHeader.maximumIDLength).contains(id.utf8.count) && id.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        }

        private static let digests: [String: (DigestAlgorithm, length: Int)] = [
            "HS256": (.sha256, 32), "HS384": (.sha384, 48), "HS512": (.sha512, 64),
        ]

        /// Every algorithm that may sign, and the kind of key that it takes.
        private static let kinds = [
            "HS256": "oct", "HS384": "oct", "HS512": "oct",
            "RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "PS256": "RSA", "PS384": "RSA", "PS512": "RSA",
            "ES256": "EC", "ES384": "EC", "ES512": "EC", "EdDSA": "OKP",
        ]
    }
}
