public import Foundation
public import Leftfold
public import Logging

/// Knows machines by their API keys: `Authorization: Bearer lf_<id>_<secret>`. Other credentials go to another authenticator.
///
/// Keys are made by the command line (`users api-key`). The file holds the SHA-256 of each secret, which has 256 random bits,
/// so nothing slower is needed; the comparison takes the same time wherever the two differ.
public struct APIKeyVerifier: Authenticator {
    private let keys: Reloaded<APIKeySet>
    private let other: (any Authenticator)?
    private let now: @Sendable () -> Date

    /// The file is read again when it has changed, as that of a ``TokenVerifier`` is: a line that is taken out ends its key
    /// within a second.
    ///
    /// - Parameters:
    ///   - file: one JSON object a line.
    ///   - other: asked about credentials that are no API keys; nil refuses them.
    ///   - now: the clock, for tests.
    public init(
        file: String, otherwise other: (any Authenticator)?, logger: Logger, now: @escaping @Sendable () -> Date = { Date() }
    ) async throws {
        self.init(try await Reloaded(file: file, logger: logger) { try APIKeySet($0) }, other, now)
    }

    init(_ keys: Reloaded<APIKeySet>, _ other: (any Authenticator)?, _ now: @escaping @Sendable () -> Date = { Date() }) {
        self.keys = keys
        self.other = other
        self.now = now
    }

    public func known(_ credential: Credential) -> Principal? {
        guard let presented = Presented(credential) else { return other?.known(credential) }
        return keys.fresh.flatMap { try? principal(presented, $0.value) }
    }

    public func authenticate(_ credential: Credential) async throws -> Principal {
        guard let presented = Presented(credential) else {
            guard let other else { throw TokenRefusal.invalid }
            return try await other.authenticate(credential)
        }
        var keys = await keys.current()
        if keys.value.entries[presented.id] == nil { keys = await self.keys.current(sooner: true) }
        return try principal(presented, keys.value)
    }

    private func principal(_ presented: Presented, _ keys: APIKeySet) throws(TokenRefusal) -> Principal {
        guard let entry = keys.entries[presented.id], entry.secret == Credential.Digest(presented.secret) else { throw .invalid }
        guard entry.expiresAt.map({ now() < $0 }) ?? true else { throw .expired }
        return entry.principal
    }

    /// An API key taken apart. Ids have no underscore; secrets may.
    private struct Presented {
        let id: [UInt8]
        let secret: ArraySlice<UInt8>

        init?(_ credential: Credential) {
            let prefix = Array(APIKey.prefix.utf8)
            guard credential.bytes.starts(with: prefix) else { return nil }
            let rest = credential.bytes.dropFirst(prefix.count)
            let end = rest.firstIndex(of: UInt8(ascii: "_")) ?? rest.endIndex
            id = Array(rest[..<end])
            secret = rest[end...].dropFirst()
        }
    }
}
