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
        iss: "tests", aud: .init("notes"), sub: "ada", iat: 1_800_000_000, exp: 1_800_003_600, roles: ["writer"], tenant: "acme")

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
            #expect(try await verifier.authenticate(token) == Principal(subject: "ada", roles: ["writer"], tenant: "acme"))
        }
        await #expect(throws: TokenRefusal.expired) { try await Self.verifier(keys, at: Self.time + 91).authenticate(token) }
    }

    @Test func aGeneratedSetIsGood() async throws {
        let keys = try await JSONWebKeySet(JSONWebKeySet.generate())
        let token = try TokenIssuer(keys: keys, issuer: "tests", audience: "notes").issue(subject: "ada", now: Self.time)
        #expect(try await Self.verifier(keys).authenticate(token).subject == "ada")
        #expect(JSONWebKeySet.generate() != JSONWebKeySet.generate())
    }

    @Test func aPublicKeyVerifiesAndDoesNotSign() async throws {
        let (secret, published) = (try await Self.keys(Self.ellipticPrivate), try await Self.keys(Self.elliptic + "}"))
        let token = try TokenIssuer(keys: secret, issuer: "tests", audience: "notes").issue(subject: "ada", now: Self.time)
        #expect(try await Self.verifier(published).authenticate(token).subject == "ada")
        #expect(throws: JSONWebKeySet.Malformed.self) { try TokenIssuer(keys: published, issuer: "tests", audience: "notes") }
    }

    @Test func aCachedTokenStillExpires() async throws {
        let keys = try await Self.keys(Self.octets)
        let clock = Clock(Self.time)
        let verifier = TokenVerifier(keys: keys, issuer: "tests", audience: "notes", now: { clock.now })
        let issuer = try TokenIssuer(keys: keys, issuer: "tests", audience: "notes")
        let token = try issuer.issue(subject: "ada", lifetime: .seconds(60), now: Self.time)
        _ = try await verifier.authenticate(token)
        clock.now = Self.time + 89
        _ = try await verifier.authenticate(token)
        clock.now = Self.time + 91
        await #expect(throws: TokenRefusal.expired) { try await verifier.authenticate(token) }
    }

    static let headers = [
        #"{"alg":"none","kid":"hs"}"#, #"{"alg":"HS512","kid":"hs"}"#, #"{"alg":"hs256","kid":"hs"}"#, #"{"alg":"HS256"}"#,
        #"{"alg":"HS256","kid":"other"}"#, #"{"alg":"HS256","kid":"hs","typ":"JWE"}"#, #"{"alg":"HS256","kid":"hs","crit":["exp"]}"#,
        #"{"alg":"HS256","kid":"hs","jku":"https://evil.example/"}"#, #"{"alg":"HS256","kid":"hs","jwk":{}}"#,
        #"{"alg":"HS256","kid":"hs","x5u":"https://evil.example/"}"#, #"{"alg":"HS256","kid":"hs","kid":"hs"}"#, "[]", "nonsense",
    ]

    @Test(arguments: headers) func aDubiousHeaderIsRefused(_ header: String) async throws {
        let keys = try await Self.keys(Self.octets)
        let token = try Self.token(header, Self.claims(), by: #require(keys.keys["hs"]))
        await #expect(throws: TokenRefusal.invalid) { try await Self.verifier(keys).authenticate(token) }
    }

    static let dubious: [(String, @Sendable (inout TokenClaims) -> Void, TokenRefusal)] = [
        ("other issuer", { $0.iss = "else" }, .invalid),
        ("other audience", { $0.aud = .init("else") }, .invalid),
        ("no subject", { $0.sub = "" }, .invalid),
        ("a subject with a line break", { $0.sub = "a\nb" }, .invalid),
        ("expired", { $0.exp = 1_799_999_970 }, .expired),
        ("issued in the future", { $0.iat = 1_800_000_031 }, .invalid),
        ("not valid yet", { $0.nbf = 1_800_000_031 }, .invalid),
    ]

    @Test(arguments: dubious.indices) func dubiousClaimsAreRefused(_ index: Int) async throws {
        let (_, change, refusal) = Self.dubious[index]
        let keys = try await Self.keys(Self.octets)
        let token = try Self.token(#"{"alg":"HS256","kid":"hs"}"#, Self.claims(change), by: #require(keys.keys["hs"]))
        await #expect(throws: refusal) { try await Self.verifier(keys).authenticate(token) }
    }

    @Test(arguments: ["iss", "aud", "sub", "iat", "exp"]) func missingClaimsAreRefused(_ claim: String) async throws {
        let keys = try await Self.keys(Self.octets)
        var claims = try #require(try JSONSerialization.jsonObject(with: Data(Self.claims().utf8)) as? [String: Any])
        claims[claim] = nil
        let json = String(decoding: try JSONSerialization.data(withJSONObject: claims), as: UTF8.self)
        let token = try Self.token(#"{"alg":"HS256","kid":"hs"}"#, json, by: #require(keys.keys["hs"]))
        await #expect(throws: TokenRefusal.invalid) { try await Self.verifier(keys).authenticate(token) }
    }

    @Test func claimsWeDoNotKnowAndSeveralAudiencesAreFine() async throws {
        let keys = try await Self.keys(Self.octets)
        let json = #"{"iss":"tests","aud":["other","notes"],"sub":"ada","iat":1800000000.5,"exp":1800000060,"jti":"1","x":{"y":[1]}}"#
        let token = try Self.token(#"{"alg":"HS256","kid":"hs","typ":"at+jwt","x5t":"abc"}"#, json, by: #require(keys.keys["hs"]))
        #expect(try await Self.verifier(keys).authenticate(token).subject == "ada")
    }

    @Test func aForgedSignatureIsRefused() async throws {
        let keys = try await Self.keys(Self.octets)
        let token = try Self.token(#"{"alg":"HS256","kid":"hs"}"#, Self.claims(), by: #require(keys.keys["hs"]))
        let parts = token.split(separator: ".")
        let richer = Base64URL.encode(Array(try Self.claims { $0.roles = ["admin"] }.utf8))
        let forged = [
            "\(parts[0]).\(richer).\(parts[2])", "\(parts[0]).\(parts[1]).", "\(parts[0]).\(parts[1])", "\(token).\(parts[2])", "\(token)=",
            "\(parts[0]).\(parts[1]).\(Base64URL.encode(Array(repeating: UInt8(0), count: 32)))", "", ".", "..", " \(token)",
        ]
        let verifier = Self.verifier(keys)
        for token in forged { await #expect(throws: TokenRefusal.invalid) { try await verifier.authenticate(token) } }
    }

    @Test func thePublicKeyIsNoSecret() async throws {
        let keys = try await Self.keys(Self.elliptic + "}")
        let collection = JWTKeyCollection()
        await collection.add(hmac: HMACKey(from: Array(Self.elliptic.utf8)), digestAlgorithm: .sha256, kid: "ec")
        let secret = JSONWebKeySet.Key(id: "ec", algorithm: "HS256", signature: try await collection.getKey(for: "ec"), canSign: true)
        for header in [#"{"alg":"HS256","kid":"ec"}"#, #"{"alg":"ES256","kid":"ec"}"#] {
            let token = try Self.token(header, Self.claims(), by: secret)
            await #expect(throws: TokenRefusal.invalid) { try await Self.verifier(keys).authenticate(token) }
        }
    }

    @Test func aHugeTokenIsRefusedUnread() async throws {
        let keys = try await Self.keys(Self.octets)
        let claims = try Self.claims { $0.tenant = String(repeating: "t", count: 8192) }
        let token = try Self.token(#"{"alg":"HS256","kid":"hs"}"#, claims, by: #require(keys.keys["hs"]))
        await #expect(throws: TokenRefusal.invalid) { try await Self.verifier(keys).authenticate(token) }
    }

    static let dubiousSets = [
        "", "[]", #"{"keys":[]}"#, #"{"keys":[\#(octets),\#(octets)]}"#,
        #"{"keys":[{"kty":"oct","alg":"HS256","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}]}"#,
        #"{"keys":[{"kty":"oct","kid":"a","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}]}"#,
        #"{"keys":[{"kty":"oct","alg":"HS256","kid":"a","k":"c2hvcnQ"}]}"#,
        #"{"keys":[{"kty":"oct","alg":"HS512","kid":"a","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}]}"#,
        #"{"keys":[{"kty":"oct","alg":"none","kid":"a","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}]}"#,
        #"{"keys":[{"kty":"oct","alg":"RS256","kid":"a","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}]}"#,
        #"{"keys":[{"kty":"EC","alg":"ES384","crv":"P-256","kid":"a",\#(point)}]}"#,
        #"{"keys":[{"kty":"RSA","alg":"RS256","kid":"a"}]}"#, #"{"keys":[{"kty":"EC","alg":"ES256","kid":"a","x":"AA","y":"AA"}]}"#,
    ]

    @Test(arguments: dubiousSets) func aDubiousKeySetIsRefused(_ json: String) async throws {
        let error = await #expect(throws: JSONWebKeySet.Malformed.self) { try await JSONWebKeySet(Array(json.utf8)) }
        #expect(error?.description.contains("c2Vj") == false)
    }

    @Test func bothKindsOfKeysMayStandTogether() async throws {
        let keys = try await Self.keys(Self.octets, Self.elliptic + "}")
        #expect(keys.keyIDs == ["hs", "ec"])
        #expect("\(keys)" == "JSONWebKeySet(hs, ec)")
    }
}

final class Clock: Sendable {
    private let time: Mutex<Date>
    init(_ time: Date) { self.time = Mutex(time) }
    var now: Date {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }
}
