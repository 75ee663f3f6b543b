import Foundation
import JWTKit
import Leftfold
import Synchronization
import Testing

@testable import LeftfoldHTTP

@Suite struct TokenTests {
    /// The key of RFC 7515, A.3.
    static let point = #""x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#
    static let elliptic = #"{"kty":"EC","crv":"P-256","kid":"ec","alg":"ES256",\#(point)"#
    static let ellipticPrivate = elliptic + #","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#
    static let octets = #"{"kty":"oct","alg":"HS256","kid":"hs","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}"#
    static let time = Date(timeIntervalSince1970: 1_800_000_000)
    static let good = TokenClaims(
        iss: "tests", aud: .init("notes"), sub: "ada", iat: 1_800_000_000, exp: 1_800_003_600, nbf: 1_800_000_000, roles: ["writer"],
        tenant: "acme")

    static func keys(_ keys: String...) async throws -> JSONWebKeySet {
        try await JSONWebKeySet(Array(#"{"keys":[\#(keys.joined(separator: ","))]}"#.utf8))
    }

    static func verifier(_ keys: JSONWebKeySet, at time: Date = time) -> TokenVerifier {
        TokenVerifier(keys: keys, issuer: "tests", audience: "notes", now: { time })
    }

    /// A token with any header and claims, well signed by the key.
    static func token(_ header: String, _ claims: String, by key: JSONWebKeySet.Key) throws -> String {
        let signed = "\(Base64URL.encode(Array(header.utf8))).\(Base64URL.encode(Array(claims.utf8)))"
        return "\(signed).\(Base64URL.encode(try key.signature.sign(Array(signed.utf8))))"
    }

    static func claims(_ change: (inout TokenClaims) -> Void = { _ in }) throws -> String {
        var claims = good
        change(&claims)
        return String(decoding: try StrictJSON.encode(claims), as: UTF8.self)
    }

    @Test(arguments: [octets, ellipticPrivate]) func whatIsIssuedIsVerified(_ key: String) async throws {
        let keys = try await Self.keys(key)
        let issuer = try TokenIssuer(keys: keys, issuer: "tests", audience: "notes")
        let token = try issuer.issue(subject: "ada", roles: ["writer"], tenant: "acme", lifetime: .seconds(60), now: Self.time)
        let verifier = Self.verifier(keys)
        for _ in 1...2 {
            #expect(try await verifier.authenticate(text: token) == Principal(subject: "ada", roles: ["writer"], tenant: "acme"))
        }
        await #expect(throws: TokenRefusal.expired) { try await Self.verifier(keys, at: Self.time + 91).authenticate(text: token) }
    }

    @Test func aGeneratedSetIsGood() async throws {
        let keys = try await JSONWebKeySet(JSONWebKeySet.generate())
        let token = try TokenIssuer(keys: keys, issuer: "tests", audience: "notes").issue(subject: "ada", now: Self.time)
        #expect(try await Self.verifier(keys).authenticate(text: token).subject == "ada")
        #expect(JSONWebKeySet.generate() != JSONWebKeySet.generate())
    }

    @Test func aPublicKeyVerifiesAndDoesNotSign() async throws {
        let (secret, published) = (try await Self.keys(Self.ellipticPrivate), try await Self.keys(Self.elliptic + "}"))
        let token = try TokenIssuer(keys: secret, issuer: "tests", audience: "notes").issue(subject: "ada", now: Self.time)
        #expect(try await Self.verifier(published).authenticate(text: token).subject == "ada")
        #expect(throws: JSONWebKeySet.Malformed.self) { try TokenIssuer(keys: published, issuer: "tests", audience: "notes") }
    }

    @Test func aCachedTokenStillExpires() async throws {
        let keys = try await Self.keys(Self.octets)
        let clock = Clock(Self.time)
        let verifier = TokenVerifier(keys: keys, issuer: "tests", audience: "notes", now: { clock.now })
        let issuer = try TokenIssuer(keys: keys, issuer: "tests", audience: "notes")
        let token = try issuer.issue(subject: "ada", lifetime: .seconds(60), now: Self.time)
        _ = try await verifier.authenticate(text: token)
        clock.now = Self.time + 89
        _ = try await verifier.authenticate(text: token)
        clock.now = Self.time + 91
        await #expect(throws: TokenRefusal.expired) { try await verifier.authenticate(text: token) }
    }

    /// What a header says instead of, or beside, the good one.
    static let headers: [(what: String, header: String)] = [
        ("no signature", #"{"alg":"none","kid":"hs","typ":"JWT"}"#),
        ("no signature, in capitals", #"{"alg":"NONE","kid":"hs","typ":"JWT"}"#),
        ("another algorithm of the same kind", #"{"alg":"HS512","kid":"hs","typ":"JWT"}"#),
        ("an algorithm of another kind", #"{"alg":"ES256","kid":"hs","typ":"JWT"}"#),
        ("another spelling", #"{"alg":"hs256","kid":"hs","typ":"JWT"}"#), ("no algorithm", #"{"kid":"hs","typ":"JWT"}"#),
        ("no key", #"{"alg":"HS256","typ":"JWT"}"#), ("an unknown key", #"{"alg":"HS256","kid":"other","typ":"JWT"}"#),
        ("a key that is for encryption", #"{"alg":"HS256","kid":"enc","typ":"JWT"}"#),
        ("a key that is a number", #"{"alg":"HS256","kid":1,"typ":"JWT"}"#),
        ("a key with a long name", #"{"alg":"HS256","kid":"\#(String(repeating: "k", count: 256))","typ":"JWT"}"#),
        ("no type", #"{"alg":"HS256","kid":"hs"}"#), ("another type", #"{"alg":"HS256","kid":"hs","typ":"JWE"}"#),
        ("critical extensions", #"{"alg":"HS256","kid":"hs","typ":"JWT","crit":["exp"]}"#),
        ("an address of keys", #"{"alg":"HS256","kid":"hs","typ":"JWT","jku":"https://evil.example/"}"#),
        ("a key of its own", #"{"alg":"HS256","kid":"hs","typ":"JWT","jwk":{}}"#),
        ("an address of certificates", #"{"alg":"HS256","kid":"hs","typ":"JWT","x5u":"https://evil.example/"}"#),
        ("certificates of its own", #"{"alg":"HS256","kid":"hs","typ":"JWT","x5c":[]}"#),
        ("a repeated field", #"{"alg":"HS256","kid":"hs","kid":"hs","typ":"JWT"}"#),
        ("other letters than ASCII", #"{"alg":"HS256","kid":"hs","typ":"JWT","é":1}"#),
        ("more than a kilobyte", #"{"alg":"HS256","kid":"hs","typ":"JWT","x":"\#(String(repeating: "x", count: 1024))"}"#),
        ("a list", "[]"), ("nonsense", "nonsense"),
    ]

    @Test("A header that says anything dubious is refused", arguments: headers) func dubiousHeader(_ what: String, header: String)
        async throws
    {
        let keys = try await Self.keys(Self.octets, Self.octets.replacing(#""kid":"hs""#, with: #""kid":"enc","use":"enc""#))
        let token = try Self.token(header, Self.claims(), by: #require(keys.keys["hs"]))
        await #expect(throws: TokenRefusal.invalid) { try await Self.verifier(keys).authenticate(text: token) }
    }

    static let dubious: [(String, @Sendable (inout TokenClaims) -> Void, TokenRefusal)] = [
        ("other issuer", { $0.iss = "else" }, .invalid),
        ("other audience", { $0.aud = .init("else") }, .invalid),
        ("no subject", { $0.sub = "" }, .invalid),
        ("a subject with a line break", { $0.sub = "a\nb" }, .invalid),
        ("expired", { $0.exp = 1_799_999_970 }, .expired),
        ("issued in the future", { $0.iat = 1_800_000_031 }, .invalid),
        ("a subject in two directions", { $0.sub = "ada\u{202E}nimda" }, .invalid),
        ("an invisible character in the subject", { $0.sub = "ada\u{200B}" }, .invalid),
        ("a subject of 256 bytes", { $0.sub = String(repeating: "a", count: 256) }, .invalid),
        ("the operator's subject", { $0.sub = "local:operator" }, .invalid),
        ("the operator's subject in capitals", { $0.sub = "Local:ada" }, .invalid),
        ("an empty tenant", { $0.tenant = "" }, .invalid),
        ("a tenant with a control character", { $0.tenant = "acme\u{7}" }, .invalid),
        ("a tenant of 256 bytes", { $0.tenant = String(repeating: "a", count: 256) }, .invalid),
        ("another spelling of the issuer", { $0.iss = "Tests" }, .invalid),
        ("not valid yet", { $0.nbf = 1_800_000_031 }, .invalid),
    ]

    @Test(arguments: dubious.indices) func dubiousClaimsAreRefused(_ index: Int) async throws {
        let (_, change, refusal) = Self.dubious[index]
        let keys = try await Self.keys(Self.octets)
        let token = try Self.token(#"{"alg":"HS256","kid":"hs","typ":"JWT"}"#, Self.claims(change), by: #require(keys.keys["hs"]))
        await #expect(throws: refusal) { try await Self.verifier(keys).authenticate(text: token) }
    }

    @Test(arguments: ["iss", "aud", "sub", "nbf", "exp"]) func missingClaimsAreRefused(_ claim: String) async throws {
        let keys = try await Self.keys(Self.octets)
        var claims = try #require(try JSONSerialization.jsonObject(with: Data(Self.claims().utf8)) as? [String: Any])
        claims[claim] = nil
        let json = String(decoding: try JSONSerialization.data(withJSONObject: claims), as: UTF8.self)
        let token = try Self.token(#"{"alg":"HS256","kid":"hs","typ":"JWT"}"#, json, by: #require(keys.keys["hs"]))
        await #expect(throws: TokenRefusal.invalid) { try await Self.verifier(keys).authenticate(text: token) }
    }

    @Test func claimsWeDoNotKnowAndSeveralAudiencesAreFine() async throws {
        let keys = try await Self.keys(Self.octets)
        let json = #"{"iss":"tests","aud":["other","notes"],"sub":"ada","nbf":1800000000.5,"exp":1800000060,"jti":"1","x":{"y":[1]}}"#
        let token = try Self.token(#"{"alg":"HS256","kid":"hs","typ":"at+jwt","x5t":"abc"}"#, json, by: #require(keys.keys["hs"]))
        #expect(try await Self.verifier(keys).authenticate(text: token).subject == "ada")
    }

    @Test func aForgedSignatureIsRefused() async throws {
        let keys = try await Self.keys(Self.octets)
        let token = try Self.token(#"{"alg":"HS256","kid":"hs","typ":"JWT"}"#, Self.claims(), by: #require(keys.keys["hs"]))
        let parts = token.split(separator: ".")
        let richer = Base64URL.encode(Array(try Self.claims { $0.roles = ["admin"] }.utf8))
        let forged = [
            "\(parts[0]).\(richer).\(parts[2])", "\(parts[0]).\(parts[1]).", "\(parts[0]).\(parts[1])", "\(token).\(parts[2])", "\(token)=",
            "\(parts[0]).\(parts[1]).\(Base64URL.encode(Array(repeating: UInt8(0), count: 32)))", "", ".", "..", " \(token)",
        ]
        let verifier = Self.verifier(keys)
        for token in forged { await #expect(throws: TokenRefusal.invalid) { try await verifier.authenticate(text: token) } }
    }

    @Test func thePublicKeyIsNoSecret() async throws {
        let keys = try await Self.keys(Self.elliptic + "}")
        let collection = JWTKeyCollection()
        await collection.add(hmac: HMACKey(from: Array(Self.elliptic.utf8)), digestAlgorithm: .sha256, kid: "ec")
        let secret = JSONWebKeySet.Key(id: "ec", algorithm: "HS256", signature: try await collection.getKey(for: "ec"), canSign: true)
        for header in [#"{"alg":"HS256","kid":"ec","typ":"JWT"}"#, #"{"alg":"ES256","kid":"ec","typ":"JWT"}"#] {
            let token = try Self.token(header, Self.claims(), by: secret)
            await #expect(throws: TokenRefusal.invalid) { try await Self.verifier(keys).authenticate(text: token) }
        }
    }

    @Test func aHugeTokenIsRefusedUnread() async throws {
        let keys = try await Self.keys(Self.octets)
        let claims = try Self.claims { $0.tenant = String(repeating: "t", count: 8192) }
        let token = try Self.token(#"{"alg":"HS256","kid":"hs","typ":"JWT"}"#, claims, by: #require(keys.keys["hs"]))
        await #expect(throws: TokenRefusal.invalid) { try await Self.verifier(keys).authenticate(text: token) }
    }

    @Test("Without nbf only where the settings say so, and then with iat")
    func notBefore() async throws {
        let keys = try await Self.keys(Self.octets)
        let lenient = TokenVerifier(keys: keys, issuer: "tests", audience: "notes", requiresNotBefore: false, now: { Self.time })
        func token(_ change: (inout TokenClaims) -> Void) throws -> String {
            try Self.token(#"{"alg":"HS256","kid":"hs","typ":"JWT"}"#, Self.claims(change), by: #require(keys.keys["hs"]))
        }
        let issued = try token { $0.nbf = nil }
        #expect(try await lenient.authenticate(text: issued).subject == "ada")
        await #expect(throws: TokenRefusal.invalid) { try await Self.verifier(keys).authenticate(text: issued) }
        for late in [try token { ($0.nbf, $0.iat) = (nil, nil) }, try token { ($0.nbf, $0.iat) = (nil, 1_800_000_031) }] {
            await #expect(throws: TokenRefusal.invalid) { try await lenient.authenticate(text: late) }
        }
    }

    @Test("What was verified is known without waiting, as long as it holds")
    func known() async throws {
        let keys = try await Self.keys(Self.octets)
        let clock = Clock(Self.time)
        let verifier = TokenVerifier(keys: keys, issuer: "tests", audience: "notes", now: { clock.now })
        let token = try TokenIssuer(keys: keys, issuer: "tests", audience: "notes").issue(
            subject: "ada", lifetime: .seconds(60), now: Self.time)
        let credential = try Credential(Array(token.utf8))
        #expect(verifier.known(credential) == nil)
        _ = try await verifier.authenticate(credential)
        #expect(verifier.known(credential)?.subject == "ada")
        #expect(verifier.known(try Credential(Array(token.dropLast().utf8))) == nil)
        clock.now = Self.time + 91
        #expect(verifier.known(credential) == nil)
    }
}

extension Authenticator {
    func authenticate(text: String) async throws -> Principal { try await authenticate(try Credential(Array(text.utf8))) }
}

final class Clock: Sendable {
    private let time: Mutex<Date>
    init(_ time: Date) { self.time = Mutex(time) }
    var now: Date {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }
}
