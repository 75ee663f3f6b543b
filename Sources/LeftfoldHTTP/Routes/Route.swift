public import HTTPTypes
import Hummingbird
import Leftfold

/// One line of the resource API of a service: a method and a path that stand for a command or a query.
///
/// In paths, `{name}` captures a segment and puts it into the JSON of the command or query as the field `name`.
/// ```swift
/// let routes: [Route] = [
///     .create("/users", CreateUser.self),
///     .command(.patch, "/users/{id}", ChangeUser.self),
///     .command(.post, "/users/{id}/deactivate", DeactivateUser.self),
///     .query("/users/{id}", GetUser.self, version: \.version),
///     .query("/users", ListUsers.self, parameters: [.integer("limit"), .integer("offset"), .string("search")]),
/// ]
/// ```
public struct Route: Sendable {
    public let method: HTTPRequest.Method
    public let path: String
    /// The command or query it stands for.
    public let name: String

    let meaning: Meaning
    /// Query parameters that hold what people typed.
    var textParameters: [String] = []
    let respond: @Sendable (Request, EdgeContext, Buses) async throws -> Response

    /// What it stands for, by type.
    enum Meaning: Sendable {
        /// - Parameter newID: the field of the new resource's id, where the command makes one.
        case command(any Command.Type, newID: String?)
        /// - Parameter isVersioned: whether the answer has an entity tag.
        case query(any Query.Type, [QueryParameter], isVersioned: Bool)
    }

    var isCommand: Bool {
        if case .command = meaning { true } else { false }
    }
}

/// What routes need to answer.
struct Buses: Sendable {
    let commands: CommandBus
    let queries: QueryBus
    let bodyLimit: Int
    let patience: Duration
    let eventStreams: EventStreamPlaces
    let heartbeat: Duration
    let direct: DirectAnswers?

    var history: LogHistory { commands.history }
}

/// `{id}` in a path.
enum PathParameters {
    static func names(in path: String) -> [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }.map { String($0.dropFirst().dropLast()) }
    }

    /// The captured segments, decoded.
    static func fields(_ names: [String], _ context: EdgeContext) throws(RequestRefusal) -> [(name: String, value: JSONText)] {
        var fields: [(name: String, value: JSONText)] = []
        for name in names {
            guard let segment = context.parameters.get(name), let value = PercentEncoding.decode(segment.utf8) else {
                throw .wrongType(name, "String")
            }
            fields.append((name, .string(value)))
        }
        return fields
    }
}
