public import Foundation
public import Leftfold

/// Creates a user under an id that the caller chose.
public struct CreateUser: Command, Equatable {
    public static let name = "CreateUser"
    public static let permission: Permission = "users:create"
    public static let opensStream = true

    public var id: UUID
    public var email: String
    public var name: String

    public init(id: UUID, email: String, name: String) {
        self.id = id
        self.email = email
        self.name = name
    }

    public var target: StreamID<User> { StreamID(id) }

    public func normalized() -> Self {
        Self(id: id, email: EmailAddress.normalized(email), name: PlainText.name.normalized(name))
    }

    public func validate() throws(ValidationError) {
        var problems = UserProblems()
        problems.check(email: email)
        problems.check(name: name)
        try problems.throwIfAny()
    }

    public func decide(_ user: User) throws(User.Rejection) -> [User.Event] {
        guard user.status == .absent else { throw .alreadyExists }
        return [.created(email: email, name: name)]
    }
}
