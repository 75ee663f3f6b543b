import Foundation
import HTTPTypes
import Leftfold
import Testing

@testable import LeftfoldHTTP

@Suite("A credential", .serialized) struct CredentialTests {
    static let marks = String(repeating: "\u{0301}\u{0323}", count: 3800)

    static let table: [(value: String?, refusal: TokenRefusal?)] = [
        (nil, .missing), ("", .missing), ("Bearer", .missing), ("Bearer ", .missing), ("Basic YTpi", .missing), ("Bearerx", .missing),
        ("\u{0301}Bearer abc", .missing), ("Bearer abc", nil), ("bEaReR abc", nil), ("Bearer a.b-c_d~e+f/g==", nil),
        ("Bearer  abc", .invalid), ("Bearer a b", .invalid), ("Bearer a,Bearer b", .invalid), ("Bearer ä", .invalid),
        ("Bearer a\u{0301}", .invalid), ("Bearer a\tb", .invalid), ("Bearer \"a\"", .invalid),
        ("Bearer \(String(repeating: "a", count: 8192))", nil), ("Bearer \(String(repeating: "a", count: 8193))", .invalid),
        ("Bearer \(marks)", .invalid), (marks, .missing),
    ]

    @Test("is 8 KiB of the characters of tokens at most; anything else is refused unread", arguments: table.indices)
    func read(_ row: Int) throws {
        let (value, refusal) = Self.table[row]
        var headers: HTTPFields = [:]
        if let value { headers[.authorization] = value }
        if let refusal {
            #expect(throws: refusal) { try Credential(headers) }
        } else {
            #expect(try Credential(headers).bytes == Array(value?.utf8.dropFirst(7) ?? "".utf8.dropFirst(0)))
        }
    }

    @Test("stands once in a request")
    func twice() {
        var headers: HTTPFields = [.authorization: "Bearer abc"]
        headers.append(HTTPField(name: .authorization, value: "Bearer abc"))
        #expect(throws: TokenRefusal.invalid) { try Credential(headers) }
    }

    @Test("does not show itself")
    func hidden() throws {
        let credential = try Credential(Array("swordfish".utf8))
        var dumped = ""
        dump(credential, to: &dumped)
        for text in ["\(credential)", String(reflecting: credential), dumped] { #expect(!text.contains("swordfish")) }
    }

    /// Texts that cost more than their length where somebody makes a `String` of them and hashes, compares or normalizes it.
    static let hostile: [(what: String, unit: String)] = [
        ("combining marks", "\u{0301}\u{0323}"), ("marks of one class", "\u{0301}"), ("Hangul", "\u{1100}\u{1161}\u{11A8}"),
        ("emoji", "\u{1F469}\u{200D}"), ("regional letters", "\u{1F1E6}"), ("broken UTF-8", "\u{FFFD}"), ("dots", "."), ("letters", "a"),
        ("brackets in base64url", "W1tb"), ("escapes in base64url", "XHUwMzAx"), ("marks in base64url", "zIHMow"),
    ]

    @Test("costs a stranger's bytes as much as they are long, and no more", arguments: hostile.indices)
    func cost(_ row: Int) async throws {
        let verifier = TokenVerifier(keys: try await JSONWebKeySet(JSONWebKeySet.generate()), issuer: "tests", audience: "notes")
        func seconds(_ unit: String, bytes: Int) async throws -> Double {
            let text = String(repeating: unit, count: bytes / unit.utf8.count)
            // In each of a token's places, and without any.
            let requests = ["Bearer \(text)", "Bearer \(text).e30.AAAA", "Bearer e30.\(text).AAAA", text].map {
                [.authorization: $0] as HTTPFields
            }
            // The fastest of several: what others do on this machine is none of our affair.
            var best = Double.infinity
            for _ in 1...15 {
                let start = ContinuousClock.now
                for headers in requests {
                    if let credential = try? Credential(headers) {
                        _ = verifier.known(credential)
                        _ = try? await verifier.authenticate(credential)
                    }
                }
                best = min(best, (ContinuousClock.now - start) / .seconds(1))
            }
            return best
        }
        let plain = try await seconds("a", bytes: 15_000) + seconds("a", bytes: 8_000)
        let short = try await seconds(Self.hostile[row].unit, bytes: 4_000)
        let long = try await seconds(Self.hostile[row].unit, bytes: 8_000)
        let huge = try await seconds(Self.hostile[row].unit, bytes: 15_000)
        let slack = 0.005
        #expect(long <= 4 * short + slack, "\(Self.hostile[row].what): \(short) s, \(long) s")
        #expect(huge <= 8 * short + slack, "\(Self.hostile[row].what): \(short) s, \(huge) s")
        // 0.1 s is what 15 KB of marks once took under everybody's lock.
        #expect(huge <= 10 * plain + slack, "\(Self.hostile[row].what): \(huge) s beside \(plain) s of letters")
    }
}

@Suite("Base64url") struct Base64URLTests {
    @Test("is read as it is written, and in no other spelling")
    func strict() {
        for count in 0...40 {
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max) }
            let text = Base64URL.encode(bytes)
            #expect(Base64URL.decode(text.utf8) == bytes)
            #expect(Data(bytes).base64EncodedString().filter { $0 != "=" }.utf8.count == text.utf8.count)
        }
        #expect(Base64URL.encode([0xFB, 0xEF, 0xFF]) == "--__")
        for text in ["a", "AB", "AAB", "AA=", "AA==", "+/+/", "A A", "AAAAA", "ä"] {
            #expect(Base64URL.decode(text.utf8) == nil, "\(text)")
        }
    }
}
