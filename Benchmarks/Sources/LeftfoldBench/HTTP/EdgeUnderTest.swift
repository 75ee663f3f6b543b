import Hummingbird
import Leftfold
import LeftfoldHTTP
import LeftfoldUsers
import LeftfoldUsersReadModel

/// The real edge with the routes that are measured, and a token for it.
struct EdgeUnderTest: Sendable {
    private let edge: HTTPEdge
    let token: String

    init(_ service: UserDirectoryService, cached: Bool) async throws {
        let keys = try await JSONWebKeySet(JSONWebKeySet.generate())
        token = try TokenIssuer(keys: keys, issuer: "bench", audience: "bench").issue(subject: "bench", roles: ["editor"])
        edge = try HTTPEdge(
            commands: service.commands, queries: cached ? service.cachedQueries : service.queries,
            authenticator: TokenVerifier(keys: keys, issuer: "bench", audience: "bench"),
            routes: [
                .create("/users", CreateUser.self), .query("/users/{id}", GetUser.self, version: \.version),
                .query("/users", ListUsers.self, parameters: [.integer("limit")]),
            ],
            configuration: EdgeConfiguration(port: 0), logger: Console.logger)
    }

    func application(onStart: @escaping @Sendable (Int) async -> Void) -> some ApplicationProtocol {
        edge.application(onStart: onStart)
    }
}
