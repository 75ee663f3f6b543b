public import Foundation
import JWTKit
import Leftfold

/// Signs tokens with the first key of a key set that has its private part. For the command line and for development; in
/// production an identity provider usually does this, and the service holds public keys only.
public struct TokenIssuer: Sendable {
    private let key: JSONWebKeySet.Key
    private let issuer: String
    private let audience: String

    public init(keys: JSONWebKeySet, issuer: String, audience: String) throws {
        guard let key = keys.keyIDs.lazy.compactMap({ keys.keys[$0] }).first(where: \.canSign) else {
            throw JSONWebKeySet.Malformed(description: "No key of the key set has its private part: none can sign.")
        }
        self.key = key
        self.issuer = issuer
        self.audience = audience
    }

    /// Throws ``UnusableName`` for a subject or tenant that no verifier would accept.
    public func issue(
        subject: String, roles: [String] = [], tenant: String? = nil, lifetime: Duration = .seconds(3600), now: Date = Date()
    ) throws -> String {
        try UnusableName.check(subject: subject, tenant: tenant)
        let time = now.timeIntervalSince1970.rounded(.down)
        let claims = TokenClaims(
            iss: issuer, aud: .init(audience), sub: subject, iat: time, exp: time + Double(lifetime.components.seconds), nbf: time,
            roles: roles.isEmpty ? nil : roles, tenant: tenant)
        return try sign(claims)
    }

    func sign(_ claims: TokenClaims) throws -> String {
        let header = TokenHeader(alg: key.algorithm, kid: key.id)
        let signed = "\(Base64URL.encode(try StrictJSON.encode(header))).\(Base64URL.encode(try StrictJSON.encode(claims)))"
        return "\(signed).\(Base64URL.encode(try key.signature.sign(Array(signed.utf8))))"
    }
}

/// A subject or tenant that no credential may name; see ``PrincipalName``.
public struct UnusableName: Error, CustomStringConvertible {
    public let description: String

    static func check(subject: String, tenant: String?) throws(UnusableName) {
        if let objection = PrincipalName.objection(toSubject: subject) { throw Self(description: "the subject \(objection)") }
        if let tenant, let objection = PrincipalName.objection(toTenant: tenant) { throw Self(description: "the tenant \(objection)") }
    }
}
