import HTTPTypes
import Hummingbird
public import Leftfold

extension Route {
    /// A query for a collection or a report.
    ///
    /// - Parameter parameters: the query parameters it knows, besides `after`.
    public static func query<Q: Query>(_ path: String, _ query: Q.Type, parameters: [QueryParameter] = []) -> Route {
        .query(path, parameters, QueryEndpoint<Q>(path, parameters, version: nil), isVersioned: false)
    }

    /// A query for one resource. The version of its answer is the `ETag`, for `If-Match` in a command and for 304.
    public static func query<Q: Query>(
        _ path: String, _ query: Q.Type, parameters: [QueryParameter] = [], version: @escaping @Sendable (Q.Answer) -> Int64
    ) -> Route {
        .query(path, parameters, QueryEndpoint<Q>(path, parameters, version: version), isVersioned: true)
    }

    private static func query<Q: Query>(
        _ path: String, _ parameters: [QueryParameter], _ endpoint: QueryEndpoint<Q>, isVersioned: Bool
    ) -> Route {
        let textParameters = parameters.filter { $0.kind == .string }.map(\.name)
        let meaning = Meaning.query(Q.self, parameters, isVersioned: isVersioned)
        return Route(method: .get, path: path, name: Q.name, meaning: meaning, textParameters: textParameters) {
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
        let epoch = await buses.history.current() ?? .first
        asking.after = try await ReadPosition.read(request.headers, string, in: buses.history)
        let last = try EventID(request.headers)
        if EventStreamAccept.isWanted(request) { return try await watch(query, asking, since: last, context, buses) }
        let answered = try await buses.queries.ask(query, asking)
        // What was read may be of either side.
        if buses.history.epoch != epoch { throw Unavailable(EpochEnded(epoch).message) }
        // A demand stands in the target of this request, and not of the next.
        if let direct = buses.direct, answered.kept != nil, request.method == .get,
            !string.parameters.contains(where: { $0.name == ReadPosition.parameter }), let target = request.head.path,
            let route = context.endpointPath
        {
            direct.learn(target, route, KnownQuestion(query: query, queries: buses.queries, version: version))
        }
        return try response(to: request, answered, in: epoch)
    }

    private func response(to request: Request, _ answered: Answered<Q.Answer>, in epoch: LogEpoch) throws -> Response {
        let json = try answered.json()
        let tag = version.map { EntityTag.of($0(answered.value)) } ?? EntityTag.of(json)
        var response =
            EntityTag.isKnown(tag, request.headers)
            ? Response(notModifiedAt: epoch.token(for: answered.position), answered.cache)
            : Response(answer: json, at: epoch.token(for: answered.position), answered.cache)
        response.headers[.eTag] = tag
        // It may be kept, but must be asked for again each time: that is what the tag is for.
        response.headers[.cacheControl] = "private, no-cache"
        response.headers[.vary] = "Accept, Authorization"
        return response
    }

    /// The answer, and each later one. What the first is refused with is the answer to the request.
    private func watch(
        _ query: Q, _ asked: QueryContext, since last: EventID?, _ context: EdgeContext, _ buses: Buses
    ) async throws -> Response {
        var asked = asked
        let epoch = await buses.history.current() ?? .first
        let resumption = await last?.resumption(in: buses.history)
        asked.after = [asked.after, resumption?.position].compactMap(\.self).max()
        let place = try buses.eventStreams.take(for: asked.principal)
        var answers = buses.queries.watch(query, asked, since: resumption).makeAsyncIterator()
        let first = try await answers.next(within: resumption == nil ? nil : .zero)
        let stream = EventStream(
            answers: answers, history: buses.history, first: first, place: place, heartbeat: buses.heartbeat,
            admitAgain: context.exchange.admitAgain,
            correlationID: context.correlationID, logger: context.logger)
        var response = Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no"],
            body: ResponseBody { writer in try await stream.write(to: &writer) })
        response.headers[.vary] = "Accept, Authorization"
        if let first {
            response.headers[.leftfoldPosition] = String(epoch.token(for: first.position))
            response.headers[.cacheStatus] = Response.cacheStatus(first.cache)
        }
        return response
    }
}
