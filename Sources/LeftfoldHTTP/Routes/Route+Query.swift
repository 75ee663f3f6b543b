import HTTPTypes
import Hummingbird
public import Leftfold

extension Route {
    /// A query for a collection or a report.
    ///
    /// - Parameter parameters: the query parameters it knows, besides `after`.
    public static func query<Q: Query>(_ path: String, _ query: Q.Type, parameters: [QueryParameter] = []) -> Route {
        .query(path, parameters, QueryEndpoint<Q>(path, parameters, version: nil))
    }

    /// A query for one resource. The version of its answer is the `ETag`, for `If-Match` in a command and for 304.
    public static func query<Q: Query>(
        _ path: String, _ query: Q.Type, parameters: [QueryParameter] = [], version: @escaping @Sendable (Q.Answer) -> Int64
    ) -> Route {
        .query(path, parameters, QueryEndpoint<Q>(path, parameters, version: version))
    }

    private static func query<Q: Query>(_ path: String, _ parameters: [QueryParameter], _ endpoint: QueryEndpoint<Q>) -> Route {
        let textParameters = parameters.filter { $0.kind == .string }.map(\.name)
        return Route(method: .get, path: path, name: Q.name, isCommand: false, textParameters: textParameters) {
            try await endpoint.respond($0, $1, $2)
        }
    }
}

/// From path and parameters to a query, and from its answer to a response.
struct QueryEndpoint<Q: Query>: Sendable {
    private let captured: [String]
    private let parameters: [String: QueryParameter]
    private let version: (@Sendable (Q.Answer) -> Int64)?

    init(_ path: String, _ parameters: [QueryParameter], version: (@Sendable (Q.Answer) -> Int64)?) {
        captured = PathParameters.names(in: path)
        self.parameters = Dictionary(parameters.map { ($0.name, $0) }) { _, last in last }
        self.version = version
    }

    func respond(_ request: Request, _ context: EdgeContext, _ buses: Buses) async throws -> Response {
        var asking = QueryContext(principal: try context.principal, correlationID: context.correlationID, patience: buses.patience)
        try buses.queries.admit(Q.self, asking)
        var fields = try PathParameters.fields(captured, context)
        let string = try QueryString(request)
        for (name, value) in string.parameters where name != ReadPosition.parameter {
            guard let parameter = parameters[name] else { throw RequestRefusal.unknownParameter(name.utf8) }
            fields.append((name, try parameter.value(value)))
        }
        let query = try StrictJSON.decode(
            Q.self, from: JSONObject.inserting(fields, into: JSONObject.empty), cursors: buses.queries.cursors)
        asking.after = try ReadPosition.read(request.headers, string)
        let answered = try await buses.queries.ask(query, asking)

        guard let version else {
            return Response(answer: try StrictJSON.encode(answered.value, cursors: buses.queries.cursors), at: answered.position)
        }
        let tag = EntityTag.of(version(answered.value))
        var response =
            EntityTag.isKnown(tag, request.headers)
            ? Response(status: .notModified, headers: [.leftfoldPosition: answered.position.description])
            : Response(answer: try StrictJSON.encode(answered.value, cursors: buses.queries.cursors), at: answered.position)
        response.headers[.eTag] = tag
        // It may be kept, but must be asked for again each time: that is what the tag is for.
        response.headers[.cacheControl] = "private, no-cache"
        return response
    }
}
