public import Leftfold

/// Tells who stands behind a credential. ``TokenVerifier`` is the one for JSON Web Tokens, ``APIKeyVerifier`` the one for machines.
public protocol Authenticator: Sendable {
    /// Throws ``TokenRefusal`` for any credential that is not beyond doubt.
    func authenticate(_ credential: Credential) async throws -> Principal

    /// The principal, if it is known without waiting and holds now: for whoever answers at once if at all. Nil says nothing
    /// about the credential: ask ``authenticate(_:)``. It never blocks.
    func known(_ credential: Credential) -> Principal?
}

extension Authenticator {
    /// Nothing is known without asking.
    public func known(_ credential: Credential) -> Principal? { nil }
}

/// Why a credential was not accepted. It says no more than the client needs to get a better one.
public struct TokenRefusal: Refusal, Equatable {
    public let code: String
    public let message: String
    /// Nil: the request did not reach authentication, so the journal does not know it.
    public var kind: RefusalKind? { nil }

    public static let missing = Self(code: "missing_token", message: "This needs a token: Authorization: Bearer ….")
    public static let expired = Self(code: "expired_token", message: "The token has expired.")
    public static let invalid = Self(code: "invalid_token", message: "The token is not valid here.")
}
