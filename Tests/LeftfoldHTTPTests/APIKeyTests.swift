import Foundation
import HTTPTypes
import Leftfold
import Logging
import Testing

@testable import LeftfoldHTTP

@Suite("API keys") struct APIKeyTests {
    static let time = TokenTests.time

    static func verifier(_ lines: [String], otherwise other: (any Authenticator)? = nil) throws -> APIKeyVerifier {
        APIKeyVerifier(Reloaded(try APIKeySet(Array(lines.joined(separator: "\n").utf8))), other) { time }
    }

    static func credential(_ text: String) throws -> Credential { try Credential(Array(text.utf8)) }

    @Test("let in whom the file names, at once and without waiting")
    func accepted() async throws {
        let one = try APIKey.generate(id: "ci", subject: "ci", roles: ["editor"], tenant: "acme", expiresAt: Self.time + 60)
        let two = try APIKey.generate(subject: "nightly")
        let verifier = try Self.verifier([one.line, "", two.line, ""])
        #expect(one.key.hasPrefix("lf_ci_"))
        #expect(!one.line.contains(one.key.dropFirst(6)))
        for (key, principal) in [
            (one.key, Principal(subject: "ci", roles: ["editor"], tenant: "acme")), (two.key, Principal(subject: "nightly")),
        ] {
            #expect(verifier.known(try Self.credential(key)) == principal)
            #expect(try await verifier.authenticate(text: key) == principal)
        }
    }

    @Test("that are not in the file, are altered or have expired are refused")
    func refused() async throws {
        let (good, expired) = (try APIKey.generate(id: "a", subject: "a"), try APIKey.generate(id: "b", subject: "b", expiresAt: Self.time))
        let verifier = try Self.verifier([good.line, expired.line])
        let secret = good.key.dropFirst("lf_a_".count)
        let altered = [
            "lf_", "lf__", "lf_a", "lf_a_", "lf_a_\(secret.dropLast())", "lf_a_\(secret)x", "lf_c_\(secret)", "lf_b_\(secret)",
            "lf__\(secret)",
            "lf_A_\(secret)", "lf_a_\(secret.uppercased())", String(secret), "LF_a_\(secret)",
        ]
        for key in altered {
            await #expect(throws: TokenRefusal.invalid, "\(key)") { try await verifier.authenticate(text: key) }
            #expect(verifier.known(try Self.credential(key)) == nil)
        }
        await #expect(throws: TokenRefusal.expired) { try await verifier.authenticate(text: expired.key) }
        #expect(verifier.known(try Self.credential(expired.key)) == nil)
    }

    @Test("stand beside tokens")
    func beside() async throws {
        let keys = try await JSONWebKeySet(JSONWebKeySet.generate())
        let key = try APIKey.generate(subject: "machine")
        let verifier = try Self.verifier([key.line], otherwise: TokenVerifier(keys: keys, issuer: "tests", audience: "notes"))
        let token = try TokenIssuer(keys: keys, issuer: "tests", audience: "notes").issue(subject: "ada")
        #expect(try await verifier.authenticate(text: token).subject == "ada")
        #expect(verifier.known(try Self.credential(token))?.subject == "ada")
        #expect(try await verifier.authenticate(text: key.key).subject == "machine")
    }

    static let digest = String(repeating: "0a", count: 32)
    static let dubious: [(line: String, says: String)] = [
        ("nonsense", "line 1"), (#"{"id":"a","sha256":"\#(digest)"}"#, "subject"), (#"{"id":"a","subject":"a"}"#, "sha256"),
        (#"{"id":"","sha256":"\#(digest)","subject":"a"}"#, "id"), (#"{"id":"a_b","sha256":"\#(digest)","subject":"a"}"#, "id"),
        (#"{"id":"a","sha256":"abc","subject":"a"}"#, "sha256"), (#"{"id":"a","sha256":"\#(digest)","subject":"local:a"}"#, "local:"),
        (#"{"id":"a","sha256":"\#(digest)","subject":""}"#, "empty"),
        (#"{"id":"a","sha256":"\#(digest)","subject":"a","tenant":"\u202e"}"#, "tenant"),
        (#"{"id":"a","sha256":"\#(digest)","subject":"a","role":"x"}"#, "role"),
        (#"{"id":"a","sha256":"\#(digest)","subject":"a","expires_at":"soon"}"#, "expires_at"),
        (#"{"id":"a","sha256":"\#(digest)","subject":"a"}"# + "\n" + #"{"id":"a","sha256":"\#(digest)","subject":"b"}"#, "line 2"),
    ]

    @Test("are read from a file without a doubt, or not at all", arguments: dubious)
    func malformed(_ line: String, says: String) throws {
        let error = #expect(throws: APIKeySet.Malformed.self) { try APIKeySet(Array(line.utf8)) }
        #expect(error?.description.contains(says) == true, "\(String(describing: error))")
    }

    @Test("end with their line in the file, without a restart")
    func reloaded() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.appendingPathComponent("keys").path
            let key = try APIKey.generate(subject: "machine")
            try SecretFile.write(Array(key.line.utf8), to: path)
            let log = Log()
            let verifier = APIKeyVerifier(
                try await Reloaded(file: path, interval: .zero, logger: Logger(label: "") { _ in LogCollector(log) }) { try APIKeySet($0) },
                nil)
            #expect(try await verifier.authenticate(text: key.key).subject == "machine")
            #expect(chmod(path, 0o644) == 0 && truncate(path, 0) == 0)
            #expect(try await verifier.authenticate(text: key.key).subject == "machine")
            #expect(log.lines(.error).count == 1)
            #expect(unlink(path) == 0)
            try SecretFile.write([], to: path)
            await #expect(throws: TokenRefusal.invalid) { try await verifier.authenticate(text: key.key) }
        }
    }

    @Test("are for nobody whom no token could name", arguments: ["", "local:root", "a\u{202E}b", " a", String(repeating: "x", count: 256)])
    func names(_ subject: String) async throws {
        #expect(throws: UnusableName.self) { try APIKey.generate(subject: subject) }
        let issuer = try TokenIssuer(keys: try await JSONWebKeySet(JSONWebKeySet.generate()), issuer: "tests", audience: "notes")
        #expect(throws: UnusableName.self) { try issuer.issue(subject: subject) }
    }
}
