/// The rule that grants permissions. What it does not grant is denied.
public protocol Policy: Sendable {
    func allows(_ permission: Permission, for principal: Principal) -> Bool
    /// The roles that it knows, so that a misspelt one can be told; nil where there is no such list.
    var roles: Set<String>? { get }
}

extension Policy {
    public var roles: Set<String>? { nil }
}

/// Grants permissions by role. A role that is not listed grants nothing.
public struct RolePolicy: Policy {
    private let grants: [String: Set<Permission>]
    private let unrestricted: Set<String>

    /// - Parameters:
    ///   - grants: what each role may do.
    ///   - unrestricted: roles that may do everything. None unless named: deny by default.
    public init(_ grants: [String: Set<Permission>], unrestricted: Set<String> = []) {
        self.grants = grants
        self.unrestricted = unrestricted
    }

    public var roles: Set<String>? { unrestricted.union(grants.keys) }

    public func allows(_ permission: Permission, for principal: Principal) -> Bool {
        principal.roles.contains { unrestricted.contains($0) || grants[$0]?.contains(permission) == true }
    }
}
