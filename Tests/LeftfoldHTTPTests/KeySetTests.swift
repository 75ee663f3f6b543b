import Foundation
import JWTKit
import Leftfold
import Logging
import Testing

@testable import LeftfoldHTTP

@Suite("A key set") struct KeySetTests {
    static let secret = #""k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA""#

    static let dubious = [
        "", "[]", #"{"keys":[]}"#, #"{"keys":[\#(TokenTests.octets),\#(TokenTests.octets)]}"#,
        #"{"keys":[{"kty":"oct","alg":"HS256",\#(secret)}]}"#, #"{"keys":[{"kty":"oct","kid":"a",\#(secret)}]}"#,
        #"{"keys":[{"kty":"oct","alg":"HS256","kid":"a","k":"c2hvcnQ"}]}"#, #"{"keys":[{"kty":"oct","alg":"HS512","kid":"a",\#(secret)}]}"#,
        #"{"keys":[{"kty":"oct","alg":"none","kid":"a",\#(secret)}]}"#, #"{"keys":[{"kty":"oct","alg":"RS256","kid":"a",\#(secret)}]}"#,
        #"{"keys":[{"kty":"EC","alg":"ES384","crv":"P-256","kid":"a",\#(TokenTests.point)}]}"#,
        #"{"keys":[{"kty":"RSA","alg":"RS256","kid":"a"}]}"#, #"{"keys":[{"kty":"EC","alg":"ES256","kid":"a","x":"AA","y":"AA"}]}"#,
        #"{"keys":[{"kty":"RSA","alg":"RS256","kid":"a","n":"\#(modulus(bytes: 128))","e":"AQAB"}]}"#,
    ]

    /// Of an RSA key that nobody has: for its length only.
    static func modulus(bytes: Int) -> String { Base64URL.encode([0xC0] + [UInt8](repeating: 0x5A, count: bytes - 2) + [0x01]) }

    @Test("is refused where no key can verify, two have one id, or one is weak", arguments: dubious)
    func refused(_ json: String) async throws {
        let error = await #expect(throws: JSONWebKeySet.Malformed.self) { try await JSONWebKeySet(Array(json.utf8)) }
        #expect(error?.description.contains("c2Vj") == false)
    }

    /// Keys as identity providers publish them beside those for tokens.
    static let others: [(key: String, reason: String)] = [
        (#"{"kty":"RSA","use":"enc","alg":"RSA-OAEP","kid":"o","n":"\#(modulus(bytes: 256))","e":"AQAB"}"#, "use"),
        (#"{"kty":"oct","use":"enc","alg":"HS256","kid":"o",\#(secret)}"#, "use"),
        (#"{"kty":"EC","key_ops":["deriveKey"],"alg":"ES256","crv":"P-256","kid":"o",\#(TokenTests.point)}"#, "use"),
        (#"{"kty":"RSA","use":"sig","kid":"o","n":"\#(modulus(bytes: 256))","e":"AQAB"}"#, "no alg"),
        (#"{"kty":"RSA","use":"sig","alg":"RS256","n":"\#(modulus(bytes: 256))","e":"AQAB"}"#, "no kid"),
        (#"{"kty":"AKP","alg":"ML-DSA-65","kid":"o","pub":"AA"}"#, "unknown kind"), (#"{"kid":"o"}"#, "unknown kind"),
        (#"{"kty":7,"kid":["o"]}"#, "unknown kind"), (#"{"kty":"EC","crv":"secp256k1","alg":"ES256K","kid":"o","x":"AA","y":"AA"}"#, "alg"),
        (#"{"kty":"EC","alg":"none","kid":"o"}"#, "alg"), (#"{"kty":"EC","alg":"ES256","kid":"\n"}"#, "no kid"),
    ]

    @Test("passes over keys that are not for tokens, and says why", arguments: others)
    func passedOver(_ key: String, reason: String) async throws {
        let log = Log()
        let keys = try await JSONWebKeySet(Array(#"{"keys":[\#(key),\#(TokenTests.octets)]}"#.utf8))
        #expect(keys.keyIDs == ["hs"])
        #expect(keys.passedOver.count == 1)
        #expect(keys.passedOver.first?.contains(reason) == true, "\(keys.passedOver)")
        keys.tellWhatIsPassedOver(Logger(label: "") { _ in LogCollector(log) })
        #expect(log.lines(.notice).count == 1)
        #expect(!log.text.contains("c2Vj"))
    }

    @Test("may have symmetric and asymmetric keys")
    func both() async throws {
        let keys = try await TokenTests.keys(TokenTests.octets, TokenTests.elliptic + "}")
        #expect(keys.keyIDs == ["hs", "ec"])
        #expect("\(keys)" == "JSONWebKeySet(hs, ec)")
        #expect(keys.holdsSecrets)
        #expect(try await !TokenTests.keys(TokenTests.elliptic + "}").holdsSecrets)
    }

    @Test("is read again when the file has changed; what the old keys verified is void at once; a broken file changes nothing")
    func reloaded() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.appendingPathComponent("keys.json").path
            let (one, two) = (JSONWebKeySet.generate(), JSONWebKeySet.generate())
            func token(_ keys: [UInt8]) async throws -> Credential {
                let issuer = try TokenIssuer(keys: try await JSONWebKeySet(keys), issuer: "tests", audience: "notes")
                return try Credential(Array(try issuer.issue(subject: "ada").utf8))
            }
            func replace(_ bytes: [UInt8]) throws {
                // As editors and orchestrators do: the new file takes the place of the old one.
                try SecretFile.write(bytes, to: path + ".new")
                #expect(rename(path + ".new", path) == 0)
            }
            let log = Log()
            try replace(one)
            let keys = try await Reloaded(file: path, interval: .zero, logger: Logger(label: "") { _ in LogCollector(log) }) { file in
                try await JSONWebKeySet(file, logger: Logger(label: "") { _ in LogCollector(log) })
            }
            let verifier = TokenVerifier(keys, "tests", "notes", true, .seconds(30)) { Date() }
            let (old, new) = (try await token(one), try await token(two))
            #expect(try await verifier.authenticate(old).subject == "ada")
            await #expect(throws: TokenRefusal.invalid) { try await verifier.authenticate(new) }

            try replace(two)
            await #expect(throws: TokenRefusal.invalid) { try await verifier.authenticate(old) }
            #expect(verifier.known(old) == nil)
            #expect(try await verifier.authenticate(new).subject == "ada")

            for broken in [Array("{".utf8), Array(#"{"keys":[]}"#.utf8)] {
                try replace(broken)
                for _ in 1...3 { #expect(try await verifier.authenticate(new).subject == "ada") }
            }
            #expect(unlink(path) == 0)
            for _ in 1...3 { #expect(try await verifier.authenticate(new).subject == "ada") }
            #expect(log.lines(.error).count == 3, "\(log.text)")

            try replace(one)
            #expect(try await verifier.authenticate(old).subject == "ada")
            await #expect(throws: TokenRefusal.invalid) { try await verifier.authenticate(new) }
        }
    }

    @Test("is looked at once in an interval, and ten times as often for a key that is missing")
    func rateLimited() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.appendingPathComponent("value").path
            try SecretFile.write([1], to: path)
            let value = try await Reloaded(file: path, interval: .seconds(3600), logger: Logger(label: "") { _ in LogCollector(Log()) }) {
                $0.bytes
            }
            #expect(value.fresh?.value == [1])
            #expect(unlink(path) == 0)
            try SecretFile.write([2, 2], to: path)
            #expect(await value.current().value == [1])
            #expect(await value.current(sooner: true).value == [1])
        }
    }

    @Test("that can sign is refused while others may read it; a public one is not")
    func modes() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.appendingPathComponent("keys.json").path
            try SecretFile.write(JSONWebKeySet.generate(), to: path)
            #expect(chmod(path, 0o604) == 0)
            let error = await #expect(throws: SecretFile.Problem.self) { try await JSONWebKeySet.read(file: path) }
            #expect(error?.description.contains("0604") == true)
            #expect(unlink(path) == 0)
            try SecretFile.write(Array(#"{"keys":[\#(TokenTests.elliptic)}]}"#.utf8), to: path)
            #expect(chmod(path, 0o644) == 0)
            #expect(try await JSONWebKeySet.read(file: path).keyIDs == ["ec"])
        }
    }
}
