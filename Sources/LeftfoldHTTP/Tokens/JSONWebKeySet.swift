import Foundation
import JWTKit
import Leftfold
package import Logging

/// The keys that tokens are signed with: a closed map from key id to one key with its one algorithm (RFC 7517).
///
/// Symmetric (`oct`) and asymmetric keys may stand side by side, but a key id names one key and so one algorithm: what a
/// token's header says never chooses either.
public struct JSONWebKeySet: Sendable {
    /// The ids of all keys, the one that signs first.
    public let keyIDs: [String]
    /// The keys of the document that are for other things than signing tokens, or do not say by which algorithm, with the reason.
    /// Identity providers publish such; they never verify.
    public let passedOver: [String]
    let keys: [String: Key]
    /// Whether whoever reads the document can sign tokens.
    let holdsSecrets: Bool

    struct Key: Sendable {
        let id: String
        /// `HS256`, `ES256`, …
        let algorithm: String
        let signature: any JWTAlgorithm
        /// Whether the private part is there.
        let canSign: Bool
    }

    /// Reads a JWKS document. Throws ``Malformed`` where no key can verify, where two keys have one id, and for a key that says
    /// it can verify and is too weak or cannot be read.
    public init(_ json: [UInt8]) async throws {
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(json))
        } catch {
            throw Malformed(description: "The key set is not a JWKS document: an object with “keys”.")
        }
        var keys: [String: Key] = [:]
        var keyIDs: [String] = []
        var passedOver: [String] = []
        for (index, description) in document.keys.enumerated() {
            if let reason = description.unfitness {
                passedOver.append("\(description.name ?? "number \(index + 1)") \(reason)")
                continue
            }
            let key = try await description.key()
            guard keys.updateValue(key, forKey: key.id) == nil else {
                throw Malformed(description: "The key set has two keys with the kid “\(key.id)”.")
            }
            keyIDs.append(key.id)
        }
        guard !keys.isEmpty else {
            let reasons = passedOver.isEmpty ? "it is empty" : passedOver.joined(separator: "; ")
            throw Malformed(description: "The key set has no key that can verify a token: \(reasons).")
        }
        (self.keys, self.keyIDs, self.passedOver) = (keys, keyIDs, passedOver)
        holdsSecrets = document.keys.contains(where: \.isSecret)
    }

    /// Reads a file. One that holds secrets must be its owner's alone.
    init(_ file: SecretFile.Content, logger: Logger) async throws {
        try await self.init(file.bytes)
        if holdsSecrets, let exposure = file.exposure { throw SecretFile.Problem(description: exposure) }
        tellWhatIsPassedOver(logger)
    }

    /// One line, if there is something to say.
    package func tellWhatIsPassedOver(_ logger: Logger) {
        guard !passedOver.isEmpty else { return }
        logger.notice("keys that are not for tokens are passed over", metadata: ["keys": "\(passedOver.joined(separator: "; "))"])
    }

    /// Reads a file. One that holds secrets must be its owner's alone.
    package static func read(file path: String) async throws -> JSONWebKeySet {
        try await JSONWebKeySet(SecretFile.look(path), logger: Logger(label: "keys", factory: { _ in SwiftLogNoOpLogHandler() }))
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
