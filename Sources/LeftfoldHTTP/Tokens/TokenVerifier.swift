public import Foundation
import JWTKit
public import Leftfold

/// Verifies JSON Web Tokens against a closed set of keys.
///
/// Required are `kid`, `exp`, `iat`, `iss`, `aud` and `sub`; `nbf` counts where it is there. `roles` (strings) and
/// `tenant` become the principal's.
public struct TokenVerifier: Authenticator {
    /// Longer tokens are refused unread.
    public static let maximumLength = 8 << 10

    private let keys: JSONWebKeySet
    private let issuer: String
    private let audience: String
    private let leeway: Double
    private let now: @Sendable () -> Date
    /// Tokens whose signature was good, so that it is checked once and not with every request.
    private let verified = RecentlyUsed<String, VerifiedToken>(capacity: 4096)

    /// - Parameters:
    ///   - leeway: how far clocks may differ; at most 60 seconds count.
    ///   - now: the clock, for tests.
    public init(
        keys: JSONWebKeySet, issuer: String, audience: String, leeway: Duration = .seconds(30),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.keys = keys
        self.issuer = issuer
        self.audience = audience
        self.leeway = min(max(Double(leeway.components.seconds), 0), 60)
        self.now = now
    }

    public func authenticate(_ token: String) async throws -> Principal { try verify(token) }

    func verify(_ token: String) throws(TokenRefusal) -> Principal {
        let time = now().timeIntervalSince1970
        if let known = verified.find(token) {
            try check(known, at: time)
            return known.principal
        }
        guard token.utf8.count <= Self.maximumLength else { throw .invalid }
        let parts = try TokenParts(token)
        guard let key = keys.keys[parts.header.kid], parts.header.alg == key.algorithm, hasKnownType(parts.header),
            (try? key.signature.verify(parts.signature, signs: parts.signed)) == true
        else { throw .invalid }

        let new = VerifiedToken(
            principal: try principal(parts.claims), from: max(parts.claims.iat, parts.claims.nbf ?? parts.claims.iat),
            until: parts.claims.exp)
        try check(new, at: time)
        verified.keep(new, for: token)
        return new.principal
    }

    private func hasKnownType(_ header: TokenHeader) -> Bool {
        guard let type = header.typ?.lowercased() else { return true }
        return ["jwt", "at+jwt", "application/at+jwt"].contains(type)
    }

    private func principal(_ claims: TokenClaims) throws(TokenRefusal) -> Principal {
        guard claims.iss == issuer, claims.aud.names.contains(audience), (1...255).contains(claims.sub.utf8.count),
            claims.sub.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { throw .invalid }
        return Principal(subject: claims.sub, roles: Set(claims.roles ?? []), tenant: claims.tenant)
    }

    /// Time is checked on each use, of cached tokens too.
    private func check(_ token: VerifiedToken, at time: Double) throws(TokenRefusal) {
        guard token.until > time - leeway else { throw .expired }
        guard token.from <= time + leeway else { throw .invalid }
    }
}

/// What a token with a good signature says. Its times are not trusted; whoever finds one checks them again.
private struct VerifiedToken {
    let principal: Principal
    let from: Double
    let until: Double
}
