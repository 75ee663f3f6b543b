public import Foundation
public import Leftfold

/// Lets a deactivated user back in, if nobody took the e-mail address meanwhile.
public struct ReactivateUser: Command, Equatable {
    public static let name = "ReactivateUser"
    public static let permission: Permission = "users:reactivate"

    public var id: UUID

    public init(id: UUID) { self.id = id }

    public var target: StreamID<User> { StreamID(id) }

    public func decide(_ user: User) throws(User.Rejection) -> [User.Event] {
        switch user.status {
        case .absent: throw .notFound
        case .active: throw .alreadyActive
        case .deactivated: return [.reactivated]
        }
    }
}
