import Crypto
import Foundation
import JWTKit
import Leftfold
import Testing

@testable import LeftfoldHTTP

@Suite("Each algorithm") struct AlgorithmTests {
    /// A private and a public key as JWKs of one key id, and who signs with it.
    struct Pair {
        let algorithm: String
        let published: String
        let signer: JSONWebKeySet.Key
    }

    static func elliptic(_ algorithm: String, _ curve: String, _ point: Data, _ secret: Data) async throws -> Pair {
        let half = point.count / 2
        let published =
            #"{"kty":"EC","crv":"\#(curve)","alg":"\#(algorithm)","use":"sig","kid":"k","x":"\#(Base64URL.encode(point.prefix(half)))","y":"\#(Base64URL.encode(point.suffix(half)))""#
        return try await pair(algorithm, published, secret)
    }

    static func pair(_ algorithm: String, _ published: String, _ secret: Data) async throws -> Pair {
        let keys = try await TokenTests.keys(published + #","d":"\#(Base64URL.encode(secret))"}"#)
        return Pair(algorithm: algorithm, published: published + "}", signer: try #require(keys.keys["k"]))
    }

    static func rsa(_ algorithm: String) async throws -> Pair {
        let made = try await HTTPSTests.run("/usr/bin/openssl", ["genrsa", "2048"])
        let key = try Insecure.RSA.PrivateKey(pem: made.output)
        let (modulus, exponent) = try key.publicKey.getKeyPrimitives()
        let collection = JWTKeyCollection()
        if algorithm.hasPrefix("PS") {
            await collection.add(pss: key, digestAlgorithm: .sha256, kid: "k")
        } else {
            await collection.add(rsa: key, digestAlgorithm: .sha256, kid: "k")
        }
        let published =
            #"{"kty":"RSA","alg":"\#(algorithm)","use":"sig","kid":"k","n":"\#(Base64URL.encode(modulus))","e":"\#(Base64URL.encode(exponent))"}"#
        return Pair(
            algorithm: algorithm, published: published,
            signer: JSONWebKeySet.Key(id: "k", algorithm: algorithm, signature: try await collection.getKey(for: "k"), canSign: true))
    }

    static func make(_ algorithm: String) async throws -> Pair {
        switch algorithm {
        case "ES256":
            let key = P256.Signing.PrivateKey()
            return try await elliptic(algorithm, "P-256", key.publicKey.rawRepresentation, key.rawRepresentation)
        case "ES384":
            let key = P384.Signing.PrivateKey()
            return try await elliptic(algorithm, "P-384", key.publicKey.rawRepresentation, key.rawRepresentation)
        case "ES512":
            let key = P521.Signing.PrivateKey()
            return try await elliptic(algorithm, "P-521", key.publicKey.rawRepresentation, key.rawRepresentation)
        case "EdDSA":
            let key = Curve25519.Signing.PrivateKey()
            let x = Base64URL.encode(key.publicKey.rawRepresentation)
            return try await pair(algorithm, #"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"k","x":"\#(x)""#, key.rawRepresentation)
        default: return try await rsa(algorithm)
        }
    }

    @Test(
        "verifies what its key signed, under its own name and nothing else, with the public key alone",
        arguments: ["ES256", "ES384", "ES512", "EdDSA", "RS256", "PS256"])
    func verifies(_ algorithm: String) async throws {
        let pair = try await Self.make(algorithm)
        let keys = try await TokenTests.keys(pair.published)
        #expect(keys.passedOver.isEmpty && !keys.holdsSecrets)
        let verifier = TokenTests.verifier(keys)
        let claims = try TokenTests.claims()
        let token = try TokenTests.token(#"{"alg":"\#(algorithm)","kid":"k","typ":"JWT"}"#, claims, by: pair.signer)
        #expect(try await verifier.authenticate(text: token).subject == "ada")

        for other in ["ES256", "ES384", "EdDSA", "RS256", "PS256", "RS384", "HS256", "none"] where other != algorithm {
            let token = try TokenTests.token(#"{"alg":"\#(other)","kid":"k","typ":"JWT"}"#, claims, by: pair.signer)
            await #expect(throws: TokenRefusal.invalid, "\(other)") { try await verifier.authenticate(text: token) }
        }
        let stranger = try await Self.make(algorithm)
        let forged = try TokenTests.token(#"{"alg":"\#(algorithm)","kid":"k","typ":"JWT"}"#, claims, by: stranger.signer)
        await #expect(throws: TokenRefusal.invalid) { try await verifier.authenticate(text: forged) }
        for length in [0, 1, 31, 63, 64, 65, 256, 4096] {
            let parts = token.split(separator: ".")
            let odd = "\(parts[0]).\(parts[1]).\(Base64URL.encode([UInt8](repeating: 0xA5, count: length)))"
            await #expect(throws: TokenRefusal.invalid, "\(length)") { try await verifier.authenticate(text: odd) }
        }
    }

    @Test("RSA keys below 2048 bits are refused")
    func weak() async throws {
        let weak = #"{"kty":"RSA","alg":"RS256","kid":"k","n":"\#(KeySetTests.modulus(bytes: 255))","e":"AQAB"}"#
        await #expect(throws: JSONWebKeySet.Malformed.self) { try await TokenTests.keys(weak) }
    }
}
