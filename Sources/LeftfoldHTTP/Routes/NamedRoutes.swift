import HTTPTypes
import Hummingbird
import Leftfold

/// `POST /commands/{Name}` and `POST /queries/{Name}`: everything that is registered, without a route of its own.
enum NamedRoutes {
    static let command = "/commands/{name}"
    static let query = "/queries/{name}"

    static func send(_ request: Request, _ context: EdgeContext, _ buses: Buses) async throws -> Response {
        let endpoint = CommandEndpoint(name: try name(context), parameters: [], newID: nil)
        return try await endpoint.respond(request, context, buses)
    }

    static func ask(_ request: Request, _ context: EdgeContext, _ buses: Buses) async throws -> Response {
        var asking = QueryContext(principal: try context.principal, correlationID: context.correlationID, patience: buses.patience)
        try buses.queries.admit(named: try name(context), asking)
        let string = try QueryString(request)
        if let unknown = string.parameters.first(where: { $0.name != ReadPosition.parameter }) {
            throw RequestRefusal.unknownParameter(unknown.name.utf8)
        }
        let epoch = await buses.history.current() ?? .first
        asking.after = try await ReadPosition.read(request.headers, string, in: buses.history)
        let json = try await JSONBody.read(request, limit: buses.bodyLimit)
        let answered = try await buses.queries.ask(named: try name(context), json: json, asking) { LargeBodies.Work.current?.done() }
        if buses.history.epoch != epoch { throw Unavailable(EpochEnded(epoch).message) }
        return Response(answer: answered.value, at: epoch.token(for: answered.position), answered.cache)
    }

    private static func name(_ context: EdgeContext) throws -> String { try context.parameters.require("name") }
}
