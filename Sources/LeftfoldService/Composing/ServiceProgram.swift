/// A program that is a service: what it is called, and how it is made of its parts.
///
/// ```swift
/// enum Bank: ServiceProgram {
///     static let name = "bank"
///
///     static func compose(in environment: ServiceEnvironment) -> Composition {
///         Composition(
///             policy: RolePolicy(["teller": ["accounts:deposit", "accounts:read"]]), commands: [Deposit.self],
///             projections: [Balances()], queries: [environment.query(GetBalance.self)])
///     }
/// }
///
/// try await Bank.run([.serve, .project], settings: .load())
/// ```
public protocol ServiceProgram: Sendable {
    /// The program's name; also what it is called in the database's list of sessions, and the issuer and audience of its tokens
    /// unless configured.
    static var name: String { get }
    /// What its contract and `--version` say; without one there is no such option.
    static var version: String { get }

    /// Makes the service, before anything is started. The database is not connected to yet.
    ///
    /// What it throws ends the process.
    static func compose(in environment: ServiceEnvironment) async throws -> Composition
}

extension ServiceProgram {
    public static var version: String { "" }
}
