public import Foundation
public import Leftfold
public import LeftfoldDriver
public import LeftfoldPostgres

/// One user, whatever the status.
public struct GetUser: PostgresQuery {
    public typealias Answer = UserView
    public static let permission: Permission = "users:read"
    public static let reads = [UserDirectory.name]

    public let id: UUID

    public init(id: UUID) { self.id = id }

    public var statement: SQL { "SELECT \(unsafe: UserView.columns) FROM user_directory WHERE id = \(id)" }

    public func dependencies(of answer: UserView) -> Dependencies { [.user(id)] }

    public func answer(_ rows: Rows) throws -> UserView {
        guard let row = rows.first else { throw NotFound.user }
        return try UserView(row)
    }
}

extension NotFound {
    static let user = NotFound(code: "user_not_found", "There is no user with this id.")
}
