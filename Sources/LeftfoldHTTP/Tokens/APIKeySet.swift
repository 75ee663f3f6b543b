package import Foundation
import Leftfold
import Logging

/// The API keys of machines, by id. The file has one JSON object a line: `id`, `sha256` (of the key's secret, in hexadecimal),
/// `subject`, and where wanted `roles`, `tenant`, `expires_at`. It knows no secret that could be shown.
struct APIKeySet: Sendable {
    struct Entry: Sendable {
        let secret: Credential.Digest
        let principal: Principal
        let expiresAt: Date?
    }

    let entries: [[UInt8]: Entry]

    /// Throws ``Malformed``.
    init(_ lines: [UInt8]) throws {
        var entries: [[UInt8]: Entry] = [:]
        for (index, line) in lines.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            guard line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { continue }
            do {
                let key = try StrictJSON.decode(APIKey.self, from: Array(line))
                guard entries.updateValue(try key.entry(), forKey: Array(key.id.utf8)) == nil else {
                    throw UnusableName(description: "the id “\(key.id)” is there twice")
                }
            } catch {
                throw Malformed(description: "line \(index + 1) of the API keys: \((error as? any Refusal)?.message ?? "\(error)")")
            }
        }
        self.entries = entries
    }

    /// Reads a file, which must be its owner's alone: who can write a line into it can do anything.
    init(_ file: SecretFile.Content) throws {
        if let exposure = file.exposure { throw SecretFile.Problem(description: exposure) }
        try self.init(file.bytes)
    }

    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }
}

/// One line of the file.
package struct APIKey: Codable, Sendable {
    package let id: String
    let sha256: String
    let subject: String
    let roles: [String]?
    let tenant: String?
    let expiresAt: String?

    enum CodingKeys: String, CodingKey {
        case id, sha256, subject, roles, tenant
        case expiresAt = "expires_at"
    }

    /// A new key: what the machine sends, which is told once, and the line for the file.
    ///
    /// Throws ``UnusableName`` for a subject, tenant or id that cannot be.
    package static func generate(
        id: String? = nil, subject: String, roles: [String] = [], tenant: String? = nil, expiresAt: Date? = nil
    ) throws -> (key: String, line: String) {
        let id = id ?? Base64URL.encode(randomBytes(6)).replacing("_", with: "-")
        let secret = Base64URL.encode(randomBytes(32))
        let entry = APIKey(
            id: id, sha256: Credential.Digest(secret.utf8).hexadecimal, subject: subject, roles: roles.isEmpty ? nil : roles,
            tenant: tenant, expiresAt: expiresAt.map(Timestamp.text))
        _ = try entry.entry()
        return ("\(Self.prefix)\(id)_\(secret)", String(decoding: try StrictJSON.encode(entry), as: UTF8.self))
    }

    /// What every key begins with: scanners of repositories can find one that was published.
    static let prefix = "lf_"

    func entry() throws -> APIKeySet.Entry {
        guard (1...64).contains(id.utf8.count), id.utf8.allSatisfy(Self.isAllowedInID) else {
            throw UnusableName(description: "the id must be 1 to 64 letters, digits, “-” or “.”")
        }
        guard let secret = Credential.Digest(hexadecimal: sha256) else {
            throw UnusableName(description: "sha256 must be 64 hexadecimal digits")
        }
        try UnusableName.check(subject: subject, tenant: tenant)
        let expiry = expiresAt.map(Timestamp.date)
        if case .some(.none) = expiry { throw UnusableName(description: "expires_at is not a time such as 2027-01-31T00:00:00Z") }
        return APIKeySet.Entry(
            secret: secret, principal: Principal(subject: subject, roles: Set(roles ?? []), tenant: tenant), expiresAt: expiry ?? nil)
    }

    private static func isAllowedInID(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private static func randomBytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in .random(in: .min ... .max) } }
}
