import Foundation
import JWTKit
import Leftfold

/// The keys that tokens are signed with: a closed map from key id to one key with its one algorithm (RFC 7517).
///
/// Symmetric (`oct`) and asymmetric keys may stand side by side, but a key id names one key and so one algorithm: what a
/// token's header says never chooses either.
public struct JSONWebKeySet: Sendable {
    /// The ids of all keys, the one that signs first.
    public let keyIDs: [String]
    let keys: [String: Key]

    struct Key: Sendable {
        let id: String
        /// `HS256`, `ES256`, …
        let algorithm: String
        let signature: any JWTAlgorithm
        /// Whether the private part is there.
        let canSign: Bool
    }

    /// Reads a JWKS document. Throws ``Malformed`` for any key that is not beyond doubt.
    public init(_ json: [UInt8]) async throws {
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(json))
        } catch {
            throw Malformed(description: "The key set is not a JWKS document: an object with “keys”.")
        }
        guard !document.keys.isEmpty else { throw Malformed(description: "The key set has no keys.") }
        var keys: [String: Key] = [:]
        for description in document.keys {
            let key = try await description.key()
            guard keys.updateValue(key, forKey: key.id) == nil else {
                throw Malformed(description: "The key set has two keys with the kid “\(key.id)”.")
            }
        }
        self.keys = keys
        keyIDs = document.keys.compactMap(\.kid)
    }

    /// A new set with one random HS256 key of 32 bytes: one file for the server and for whoever issues tokens.
    public static func generate() -> [UInt8] {
        let secret = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
        let id = Base64URL.encode((0..<9).map { _ in UInt8.random(in: .min ... .max) })
        let key = #"{"kty":"oct","alg":"HS256","use":"sig","kid":"\#(id)","k":"\#(Base64URL.encode(secret))"}"#
        return Array("{\"keys\":[\(key)]}\n".utf8)
    }

    /// Why a key set was refused. It never repeats key material.
    public struct Malformed: Error, CustomStringConvertible {
        public let description: String
    }
}

extension JSONWebKeySet: CustomStringConvertible {
    public var description: String { "JSONWebKeySet(\(keyIDs.joined(separator: ", ")))" }
}
