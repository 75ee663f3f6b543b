import Foundation
import Leftfold
public import LeftfoldHTTP
import Logging

extension Settings {
    /// The keys that tokens are verified by, as they are now. Throws ``Misconfigured``.
    public func keySet() async throws -> JSONWebKeySet {
        guard keysFile != nil || keys != nil else { throw Misconfigured("there are no keys for tokens: set JWT_KEYS_FILE or JWT_KEYS") }
        do {
            if let keysFile { return try await JSONWebKeySet.read(file: keysFile) }
            return try await JSONWebKeySet(Array((keys ?? "").utf8))
        } catch {
            throw Misconfigured("the keys for tokens: \(error)")
        }
    }

    /// Who may come in: whoever shows a token signed with a key of the settings, or one of the API keys. Throws ``Misconfigured``.
    func authenticator(for program: String, _ logger: Logger) async throws -> any Authenticator {
        guard let apiKeysFile else { return try await tokenVerifier(for: program, logger) }
        let tokens = keysFile == nil && keys == nil ? nil : try await tokenVerifier(for: program, logger)
        do {
            return try await APIKeyVerifier(file: apiKeysFile, otherwise: tokens, logger: logger)
        } catch {
            throw Misconfigured("API_KEYS_FILE: \(error)")
        }
    }

    private func tokenVerifier(for program: String, _ logger: Logger) async throws -> TokenVerifier {
        let (issuer, audience) = (issuer ?? program, audience ?? program)
        guard let keysFile else {
            let keys = try await keySet()
            keys.tellWhatIsPassedOver(logger)
            return TokenVerifier(keys: keys, issuer: issuer, audience: audience, requiresNotBefore: requiresNotBefore)
        }
        do {
            return try await TokenVerifier(
                keysFile: keysFile, issuer: issuer, audience: audience, requiresNotBefore: requiresNotBefore, logger: logger)
        } catch {
            throw Misconfigured("the keys for tokens: \(error)")
        }
    }

    /// How HTTPS is answered; nil: it is not. Throws ``Misconfigured``.
    func tlsIdentity() throws -> TLSIdentity? {
        guard let files = tlsFiles else { return nil }
        do {
            return try TLSIdentity(certificateFile: files.certificate, keyFile: files.key)
        } catch {
            throw Misconfigured("TLS_CERTIFICATE_FILE, TLS_KEY_FILE: \(error)")
        }
    }

    /// Of the address at which `serve` is reached.
    public var scheme: String { tlsFiles == nil ? "http" : "https" }

    /// From a list with commas.
    static func origins(_ text: String?) throws -> [Origin] {
        guard let text else { return [] }
        return try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let origin = Origin(rawValue: part.trimmingCharacters(in: .whitespaces)) else {
                throw Misconfigured(
                    "CORS_ALLOWED_ORIGINS: each must be an origin such as https://app.example.com; wildcards are not taken")
            }
            return origin
        }
    }

    enum NotBefore: String { case required, optional }
}
