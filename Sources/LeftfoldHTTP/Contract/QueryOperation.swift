import HTTPTypes
import Leftfold

/// A query as an operation, by its route or by its name.
struct QueryOperation<Q: Query> {
    /// Nil: `POST /queries/{Name}`.
    let route: Route?
    let known: [QueryParameter]
    let isVersioned: Bool

    func make(_ book: SchemaBook, _ responses: inout Responses, id: String, tag: String) -> Operation {
        let object = book.closedObject(Q.self, name: Q.name)
        let path = route?.path ?? "/queries/\(Q.name)"
        let examples = FieldExamples(Q.self)
        let documented = Q.self as? any Documented.Type
        let properties = object.keywords["properties"]?.members ?? [:]
        let pagesByCursor = properties.values.contains { $0["pattern"] == Cursor.jsonSchema.keywords["pattern"] }

        var answers = responses.problems(
            of: .query(inBody: route == nil, pagesByCursor: pagesByCursor), own: documented?.refusals)
        answers["200"] = answer(book)
        if route != nil { answers["304"] = Self.notModified }
        var operation = Operation(
            method: route?.method ?? .post, path: path, id: id, tag: tag, summary: documented?.summary.headline ?? "", responses: answers,
            name: Q.name)
        if operation.summary.isEmpty { operation.summary = Q.name }
        operation.description = [documented?.summary ?? "", permission].filter { !$0.isEmpty }.joined(separator: "\n\n")
        operation.parameters =
            (route == nil ? [] : PathField.parameters(PathParameters.names(in: path), of: object, examples) + parameters(object, examples))
            + (["After", "Position", "Session"] + (route == nil ? [] : ["IfNoneMatch", "LastEventId"]) + ["CorrelationId"])
            .map(Components.parameter)
        if route == nil { operation.requestBody = body(object, examples) }
        operation.sample = sample(path, object, examples)
        return operation
    }

    private var permission: String {
        Q.ownPermission.map { "Needs the permission `\(Q.permission)`, or for what is one's own `\($0)`." }
            ?? "Needs the permission `\(Q.permission)`."
    }

    private func parameters(_ object: JSONSchema, _ examples: FieldExamples) -> [JSONTree] {
        let required = object.keywords["required"]?.elements.compactMap(\.text) ?? []
        return known.map { parameter in
            var schema = object.keywords["properties"]?[parameter.name].map { JSONSchema($0.members).present } ?? parameter.schema
            var members: [String: JSONTree] = [
                "name": .string(parameter.name), "in": "query", "required": .bool(required.contains(parameter.name)),
            ]
            members["description"] = schema.keywords.removeValue(forKey: "description")
            members["schema"] = schema.tree
            members["example"] = examples[parameter.name].map(JSONTree.json)
            return .object(members)
        }
    }

    private func body(_ object: JSONSchema, _ examples: FieldExamples) -> JSONTree {
        var content: [String: JSONTree] = ["schema": ["$ref": .string("#/components/schemas/\(Q.name)")]]
        if let example = examples.bodies(without: []).first { content["examples"] = ["example1": ["value": example]] }
        return ["required": .bool(object.keywords["required"] != nil), "content": ["application/json": .object(content)]]
    }

    private func answer(_ book: SchemaBook) -> JSONTree {
        var content: [String: JSONTree] = ["application/json": ["schema": book.schema(of: Q.Answer.self).tree]]
        if route != nil { content["text/event-stream"] = ["schema": Components.eventStream.tree] }
        return ["description": "The answer.", "headers": .object(Self.headers(isTagged: route != nil)), "content": .object(content)]
    }

    private static var notModified: JSONTree {
        ["description": "Still what `If-None-Match` names.", "headers": .object(headers(isTagged: true))]
    }

    private static func headers(isTagged: Bool) -> [String: JSONTree] {
        var headers = [
            "X-Correlation-Id": Components.header("CorrelationId"), "Leftfold-Position": Components.header("Position"),
            "Leftfold-Session": Components.header("Session"), "Cache-Status": Components.header("CacheStatus"),
        ]
        if isTagged { headers["ETag"] = Components.header("ETag") }
        return headers
    }

    private func sample(_ path: String, _ object: JSONSchema, _ examples: FieldExamples) -> CurlSample? {
        guard examples.objects.first != nil || object.keywords["required"] == nil else { return nil }
        guard route != nil else { return CurlSample(method: .post, path: path, body: examples.bodies(without: []).first ?? [:]) }
        let pairs = known.compactMap { parameter in examples[parameter.name].map { "\(parameter.name)=\($0.inURL)" } }
        return CurlSample(
            method: .get, path: PathField.filled(path, examples) + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")))
    }
}

extension QueryParameter {
    /// Where the query does not say more.
    fileprivate var schema: JSONSchema {
        switch kind {
        case .string: .string()
        case .integer: .integer()
        case .boolean: .boolean
        }
    }
}
