import ArgumentParser
import HTTPTypes
import Leftfold
import LeftfoldCLI
import LeftfoldHTTP
import LeftfoldService
import LeftfoldUsers
import LeftfoldUsersGenerator
import LeftfoldUsersReadModel

/// The user directory: all that it is made of.
@main
enum UserService: CommandLineProgram {
    static let name = "users"
    static let version = "0.1.0"
    static let abstract = "The user directory: event sourced, on PostgreSQL."

    static func compose(in environment: ServiceEnvironment) -> Composition {
        Composition(
            policy: UsersPolicy.roles, operatorRoles: ["admin"],
            commands: [CreateUser.self, UpdateUser.self, DeactivateUser.self, ReactivateUser.self],
            projections: [UserDirectory(), UserHistory()],
            queries: [environment.query(GetUser.self), environment.query(ListUsers.self), environment.query(GetUserHistory.self)],
            routes: routes)
    }

    static let routes: [Route] = [
        .create("/users", CreateUser.self),
        .command(.patch, "/users/{id}", UpdateUser.self),
        .command(.post, "/users/{id}/deactivate", DeactivateUser.self),
        .command(.post, "/users/{id}/reactivate", ReactivateUser.self),
        .query("/users/{id}", GetUser.self, version: \.version),
        .query(
            "/users/{id}/history", GetUserHistory.self, parameters: [.integer("limit"), .string("cursor"), .string("order")]),
        .query(
            "/users", ListUsers.self,
            parameters: [
                .integer("limit"), .integer("offset"), .string("cursor"), .string("sort"), .string("order"), .string("status"),
                .string("prefix"), .string("search"), .boolean("total"),
            ]),
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

    static func main() async { await ServiceCommand<UserService>.main() }
}
