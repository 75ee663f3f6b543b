public import Foundation
public import Leftfold

/// Shuts a user out and frees the e-mail address.
///
/// Once more is rejected, not ignored: a second reason would be lost without a word.
public struct DeactivateUser: Command, Equatable {
    public static let name = "DeactivateUser"
    public static let permission: Permission = "users:deactivate"

    public var id: UUID
    public var reason: String?

    public init(id: UUID, reason: String? = nil) {
        self.id = id
        self.reason = reason
    }

    public var target: StreamID<User> { StreamID(id) }

    /// A blank reason is none.
    public func normalized() -> Self {
        let reason = reason.map(PlainText.reason.normalized)
        return Self(id: id, reason: reason == "" ? nil : reason)
    }

    public func validate() throws(ValidationError) {
        var problems = UserProblems()
        if let reason { problems.check(reason: reason) }
        try problems.throwIfAny()
    }

    public func decide(_ user: User) throws(User.Rejection) -> [User.Event] {
        switch user.status {
        case .absent: throw .notFound
        case .deactivated: throw .deactivated
        case .active: return [.deactivated(reason: reason)]
        }
    }
}
