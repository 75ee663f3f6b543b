public import Foundation
import JWTKit
public import Leftfold
public import Logging

/// Verifies JSON Web Tokens against a closed set of keys.
///
/// Required are `typ` and `kid` in the header, and `exp`, `nbf`, `iss`, `aud` and `sub`; `iat` counts where it is there. `roles`
/// (strings) and `tenant` become the principal's; subject and tenant keep to ``PrincipalName``.
public struct TokenVerifier: Authenticator {
    private let keys: Reloaded<JSONWebKeySet>
    private let issuer: String
    private let audience: String
    private let requiresNotBefore: Bool
    private let leeway: Double
    private let now: @Sendable () -> Date
    /// Tokens whose signature was good, so that it is checked once and not with every request.
    private let verified = RecentlyUsed<Credential.Digest, VerifiedToken>(capacity: 4096)

    /// - Parameters:
    ///   - requiresNotBefore: whether a token without `nbf` is refused. Where it is not, it must have `iat` instead.
    ///   - leeway: how far clocks may differ; at most 60 seconds count.
    ///   - now: the clock, for tests.
    public init(
        keys: JSONWebKeySet, issuer: String, audience: String, requiresNotBefore: Bool = true, leeway: Duration = .seconds(30),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.init(Reloaded(keys), issuer, audience, requiresNotBefore, leeway, now)
    }

    /// With the keys of a file, which is read again when it has changed: it is looked at once a second at most, when tokens come.
    /// A new content that is no good key set leaves the old one in force, with one line in the log.
    ///
    /// Throws ``JSONWebKeySet/Malformed``, or what says that the file cannot be read or is readable for others although it
    /// holds secrets.
    public init(
        keysFile: String, issuer: String, audience: String, requiresNotBefore: Bool = true, leeway: Duration = .seconds(30),
        logger: Logger, now: @escaping @Sendable () -> Date = { Date() }
    ) async throws {
        let keys = try await Reloaded(file: keysFile, logger: logger) { try await JSONWebKeySet($0, logger: logger) }
        self.init(keys, issuer, audience, requiresNotBefore, leeway, now)
    }

    init(
        _ keys: Reloaded<JSONWebKeySet>, _ issuer: String, _ audience: String, _ requiresNotBefore: Bool, _ leeway: Duration,
        _ now: @escaping @Sendable () -> Date
    ) {
        self.keys = keys
        self.issuer = issuer
        self.audience = audience
        self.requiresNotBefore = requiresNotBefore
        self.leeway = min(max(Double(leeway.components.seconds), 0), 60)
        self.now = now
    }

    public func known(_ credential: Credential) -> Principal? {
        guard let keys = keys.fresh else { return nil }
        return try? recall(credential.digest, keys)
    }

    public func authenticate(_ credential: Credential) async throws -> Principal {
        var keys = await keys.current()
        let digest = credential.digest
        if let principal = try recall(digest, keys) { return principal }

        let token = try TokenParts(credential.bytes)
        if keys.value.keys[token.header.kid] == nil { keys = await self.keys.current(sooner: true) }
        guard let key = keys.value.keys[token.header.kid], token.header.alg == key.algorithm,
            (try? key.signature.verify(token.signature, signs: token.signed)) == true
        else { throw TokenRefusal.invalid }

        let new = try verified(try token.readClaims(), keys.generation)
        try check(new)
        verified.keep(new, for: digest)
        return new.principal
    }

    /// Nil for a token that was not verified with these keys.
    private func recall(_ digest: Credential.Digest, _ keys: Reloaded<JSONWebKeySet>.Reading) throws(TokenRefusal) -> Principal? {
        guard let known = verified.find(digest), known.generation == keys.generation else { return nil }
        try check(known)
        return known.principal
    }

    /// Names are compared by their bytes: `String` takes different spellings of one character for the same.
    private func verified(_ claims: TokenClaims, _ generation: Int) throws(TokenRefusal) -> VerifiedToken {
        guard claims.iss.utf8.elementsEqual(issuer.utf8), claims.aud.names.contains(where: { $0.utf8.elementsEqual(audience.utf8) }),
            PrincipalName.objection(toSubject: claims.sub) == nil, claims.tenant.map(PrincipalName.objection(toTenant:)) ?? nil == nil
        else { throw .invalid }
        guard let begin = requiresNotBefore ? claims.nbf : claims.nbf ?? claims.iat else { throw .invalid }
        return VerifiedToken(
            principal: Principal(subject: claims.sub, roles: Set(claims.roles ?? []), tenant: claims.tenant),
            from: max(begin, claims.iat ?? begin), until: claims.exp, generation: generation)
    }

    /// Time is checked on each use, of known tokens too.
    private func check(_ token: VerifiedToken) throws(TokenRefusal) {
        let time = now().timeIntervalSince1970
        guard token.until > time - leeway else { throw .expired }
        guard token.from <= time + leeway else { throw .invalid }
    }
}

/// What a token with a good signature says. Its times are not trusted; whoever finds one checks them again.
private struct VerifiedToken {
    let principal: Principal
    let from: Double
    let until: Double
    /// Of the keys that it was verified with.
    let generation: Int
}
