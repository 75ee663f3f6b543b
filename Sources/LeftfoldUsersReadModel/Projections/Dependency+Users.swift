import Foundation
import Leftfold
import LeftfoldUsers

/// What answers about users depend on, and changes of users touch.
extension Dependency {
    static func user(_ id: UUID) -> Dependency { Dependency("user", id) }
    /// Who is there at all.
    static let users: Dependency = "users"
    static let userStatuses: Dependency = "users.status"
    static let userNames: Dependency = "users.name"
    static let userEmails: Dependency = "users.email"
}

extension User.Event {
    /// Of this user's row, and of the lists that it may enter, leave or move in.
    func touches(_ id: UUID) -> Dependencies {
        switch self {
        case .created: [.user(id), .users]
        case .renamed: [.user(id), .userNames]
        case .emailChanged: [.user(id), .userEmails]
        case .deactivated, .reactivated: [.user(id), .userStatuses]
        }
    }
}
