public import Foundation
public import Leftfold

/// Changes a user's name, e-mail address or both. What is not given stays; what is given but no different changes nothing.
public struct UpdateUser: Command, Equatable {
    public static let name = "UpdateUser"
    public static let permission: Permission = "users:update"

    public var id: UUID
    public var email: String?
    public var name: String?

    public init(id: UUID, email: String? = nil, name: String? = nil) {
        self.id = id
        self.email = email
        self.name = name
    }

    public var target: StreamID<User> { StreamID(id) }

    public func normalized() -> Self {
        Self(id: id, email: email.map(EmailAddress.normalized), name: name.map(PlainText.name.normalized))
    }

    public func validate() throws(ValidationError) {
        var problems = UserProblems()
        if email == nil, name == nil { problems.add("command", "must give an email, a name or both") }
        if let email { problems.check(email: email) }
        if let name { problems.check(name: name) }
        try problems.throwIfAny()
    }

    public func decide(_ user: User) throws(User.Rejection) -> [User.Event] {
        switch user.status {
        case .absent: throw .notFound
        case .deactivated: throw .deactivated
        case .active: break
        }
        // By their bytes: for `String`, a composed and a decomposed letter are equal.
        var events: [User.Event] = []
        if let name, !name.utf8.elementsEqual(user.name.utf8) { events.append(.renamed(name: name)) }
        if let email, !email.utf8.elementsEqual(user.email.utf8) { events.append(.emailChanged(email: email)) }
        return events
    }
}
