import ArgumentParser
import HTTPTypes
import Leftfold
import LeftfoldCLI
import LeftfoldHTTP
import LeftfoldPostgres
import LeftfoldUsers
import LeftfoldUsersReadModel

/// The user directory: all that it is made of.
enum UserService: Composition {
    static let name = "users"
    static let abstract = "The user directory: event sourced, on PostgreSQL."
    static var policy: any Policy { UsersPolicy.roles }

    static let commands: [any Command.Type] = [CreateUser.self, UpdateUser.self, DeactivateUser.self, ReactivateUser.self]
    static let projections: [any PostgresProjection] = [UserDirectory(), UserHistory()]

    static func queries(_ readModels: ReadModels) -> [QueryHandler] {
        [readModels.handler(for: GetUser.self), readModels.handler(for: ListUsers.self), readModels.handler(for: GetUserHistory.self)]
    }

    static let routes: [Route] = [
        .create("/users", CreateUser.self),
        .command(.patch, "/users/{id}", UpdateUser.self),
        .command(.post, "/users/{id}/deactivate", DeactivateUser.self),
        .command(.post, "/users/{id}/reactivate", ReactivateUser.self),
        .query("/users/{id}", GetUser.self, version: \.version),
        .query("/users/{id}/history", GetUserHistory.self),
        .query(
            "/users", ListUsers.self,
            parameters: [.integer("limit"), .integer("offset"), .string("status"), .string("search")]),
    ]

    static let examples = [
        #"curl -s "$URL/users" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"email":"ada@example.com","name":"Ada Lovelace"}'"#,
        #"curl -s "$URL/users?after=1" -H "Authorization: Bearer $TOKEN""#,
        "users projections",
    ]

    static func command(fromCSV record: [String: String]) -> (name: String, fields: [String: String])? {
        (CreateUser.name, record)
    }

    static let additionalCommands: [any ParsableCommand.Type] = [Generate.self]
}
