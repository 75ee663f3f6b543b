public import Leftfold

/// Tells who stands behind a token. ``TokenVerifier`` is the one for JSON Web Tokens.
public protocol Authenticator: Sendable {
    /// Throws ``TokenRefusal`` for any token that is not beyond doubt.
    func authenticate(_ token: String) async throws -> Principal
}

/// Why a token was not accepted. It says no more than the client needs to get a better one.
public struct TokenRefusal: Refusal, Equatable {
    public let code: String
    public let message: String
    /// Nil: the request did not reach authentication, so the journal does not know it.
    public var kind: RefusalKind? { nil }

    public static let missing = Self(code: "missing_token", message: "This needs a token: Authorization: Bearer ….")
    public static let expired = Self(code: "expired_token", message: "The token has expired.")
    public static let invalid = Self(code: "invalid_token", message: "The token is not valid here.")
}
