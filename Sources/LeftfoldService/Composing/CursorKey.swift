import Crypto
import Foundation
import Leftfold
import Logging

extension Settings {
    /// Seals the cursors of this process. All processes with the same settings understand each other's.
    ///
    /// The key is the configured one; else it is made of the first secret among the keys of tokens; else it is random, which one that answers
    /// HTTP tells the log. Throws ``Misconfigured`` for a configured key that is too short.
    func cursorSeal(roles: ProcessRoles, logger: Logger) throws -> CursorSeal {
        if let cursorKey {
            guard cursorKey.utf8.count >= 32 else { throw Misconfigured("CURSOR_KEY must have at least 32 bytes") }
            return CursorSeal(key: SymmetricKey(data: Data(cursorKey.utf8)))
        }
        if let secret = tokenSecret() { return CursorSeal(key: SymmetricKey(data: secret)) }
        if roles.contains(.serve) {
            logger.info("There is no CURSOR_KEY and no secret to make one of: cursors of lists do not outlive this process.")
        }
        return CursorSeal(key: SymmetricKey(size: .bits256))
    }

    /// The first symmetric key of the key set, as far as it can be read; whether the set is right is seen where tokens are verified.
    private func tokenSecret() -> Data? {
        struct KeySet: Decodable { var keys: [Key] }
        struct Key: Decodable { var kty: String, k: String? }
        let json = keysFile.flatMap { FileManager.default.contents(atPath: $0) } ?? keys.map { Data($0.utf8) }
        guard let json, let set = try? JSONDecoder().decode(KeySet.self, from: json) else { return nil }
        return set.keys.first { $0.kty == "oct" && $0.k != nil }?.k.flatMap { Base64URL.decode($0.utf8) }.map { Data($0) }
    }
}

extension CursorSeal {
    /// AES-GCM. The nonce is made of what is sealed, so that the same bytes are sealed to the same text; both keys are made of the one that is
    /// given (RFC 5869).
    init(key: SymmetricKey) {
        func derived(_ purpose: String) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: Data("leftfold cursor \(purpose)".utf8), outputByteCount: 32)
        }
        let (encryption, nonces) = (derived("encryption"), derived("nonce"))
        self.init(
            seal: { payload in
                let nonce = try AES.GCM.Nonce(data: Data(HMAC<SHA256>.authenticationCode(for: payload, using: nonces)).prefix(12))
                let box = try AES.GCM.seal(payload, using: encryption, nonce: nonce)
                return [UInt8](box.nonce) + [UInt8](box.ciphertext) + [UInt8](box.tag)
            },
            open: { sealed in
                guard let box = try? AES.GCM.SealedBox(combined: sealed), let payload = try? AES.GCM.open(box, using: encryption) else {
                    return nil
                }
                return [UInt8](payload)
            })
    }
}
