/// Who asks: from a verified token, or the operator at the command line.
public struct Principal: Sendable, Hashable {
    /// Stable id of the person or machine.
    public var subject: String
    public var roles: Set<String>
    /// Nil where the service has one tenant only.
    public var tenant: String?

    public init(subject: String, roles: Set<String> = [], tenant: String? = nil) {
        self.subject = subject
        self.roles = roles
        self.tenant = tenant
    }

    /// The person at the command line of the service's own machine, with the roles that the service gives to operators.
    public static func localOperator(_ name: String = "operator", roles: Set<String>) -> Principal {
        Principal(subject: PrincipalName.operatorPrefix + name, roles: roles)
    }
}
