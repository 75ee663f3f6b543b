public import Leftfold

/// A person with an account: created once, renamed, given another e-mail address, deactivated and reactivated.
///
/// Two active users never share an e-mail address. A deactivated user gives the address up, so coming back can be
/// rejected with `email_taken`.
public struct User: Aggregate, Equatable, Encodable {
    public static let category: StreamCategory = "user"

    public enum Event: Leftfold.Event {
        case created(email: String, name: String)
        case renamed(name: String)
        case emailChanged(email: String)
        case deactivated(reason: String?)
        case reactivated

        // The stored names. Renaming a Swift case must never rename history.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case created = "UserCreated"
            case renamed = "UserRenamed"
            case emailChanged = "UserEmailChanged"
            case deactivated = "UserDeactivated"
            case reactivated = "UserReactivated"
        }
    }

    public enum Rejection: String, Leftfold.Rejection, CaseIterable {
        case alreadyExists = "user_already_exists"
        case notFound = "user_not_found"
        case deactivated = "user_deactivated"
        case alreadyActive = "user_already_active"

        public var message: String {
            switch self {
            case .alreadyExists: "A user with this id exists already."
            case .notFound: "There is no user with this id."
            case .deactivated: "This user is deactivated."
            case .alreadyActive: "This user is active already."
            }
        }
    }

    public enum Status: String, Sendable, Equatable, Encodable { case absent, active, deactivated }

    public private(set) var status = Status.absent
    public private(set) var email = ""
    public private(set) var name = ""

    public init() {}

    public mutating func evolve(_ event: Event) {
        switch event {
        case .created(let email, let name): (status, self.email, self.name) = (.active, email, name)
        case .renamed(let name): self.name = name
        case .emailChanged(let email): self.email = email
        case .deactivated: status = .deactivated
        case .reactivated: status = .active
        }
    }

    public var claims: Set<Claim> { status == .active ? [.email(email)] : [] }
}

extension Claim {
    /// The claim on an e-mail address, however it is spelled.
    public static func email(_ address: String) -> Claim { Claim("email", EmailAddress.compared(address)) }
}
