import Foundation
public import HTTPTypes
import Hummingbird
public import Leftfold

extension Route {
    /// A command that makes a new resource in the collection at `path`: 201, with the resource's `Location`.
    ///
    /// Where the body names no `id`, the command id is the new id, so that a repeat with the same `Idempotency-Key`
    /// means the same resource.
    public static func create<C: Command>(_ path: String, _ command: C.Type, id: String = "id") -> Route {
        let endpoint = CommandEndpoint(name: C.name, parameters: PathParameters.names(in: path), newID: id)
        return Route(method: .post, path: path, name: C.name, meaning: .command(C.self, newID: id)) {
            try await endpoint.respond($0, $1, $2)
        }
    }

    /// A command on a resource: 200. The body may be absent where the path says everything.
    public static func command<C: Command>(_ method: HTTPRequest.Method, _ path: String, _ command: C.Type) -> Route {
        let endpoint = CommandEndpoint(name: C.name, parameters: PathParameters.names(in: path), newID: nil)
        return Route(method: method, path: path, name: C.name, meaning: .command(C.self, newID: nil)) {
            try await endpoint.respond($0, $1, $2)
        }
    }
}

/// From a request to a command, and from its receipt to an answer.
struct CommandEndpoint: Sendable {
    let name: String
    let parameters: [String]
    /// The field of the new resource's id, where the command makes one.
    let newID: String?

    func respond(_ request: Request, _ context: EdgeContext, _ buses: Buses) async throws -> Response {
        var command = CommandContext(principal: try context.principal, correlationID: context.correlationID)
        try await buses.commands.admit(named: name, command)
        let json: [UInt8]
        let fields: [(name: String, value: JSONText)]
        do {
            try CommandHeaders.read(request.headers, into: &command)
            if let parameter = try QueryString(request).parameters.first { throw RequestRefusal.unknownParameter(parameter.name.utf8) }
            fields = try PathParameters.fields(parameters, context)
            json = try await JSONBody.read(request, limit: buses.bodyLimit)
        } catch let refusal as RequestRefusal {
            // It is about the request, not about the command: the same key is good for a better one.
            try await buses.commands.refuse(refusal, named: name, command)
        }
        let receipt = try await buses.commands.send(
            named: name, json: json, fields: fields, defaults: newID.map { [($0, .string(command.commandID.text))] } ?? [], command,
            decoded: { LargeBodies.Work.current?.done() })
        return Response(receipt, createdAt: newID == nil ? nil : request.uri.path)
    }
}
