import HTTPTypes
import Leftfold

/// A command as an operation, by its route or by its name.
struct CommandOperation<C: Command> {
    /// Nil: `POST /commands/{Name}`.
    let route: Route?
    let newID: String?

    func make(_ book: SchemaBook, _ responses: inout Responses, id: String, tag: String) -> Operation {
        let object = book.closedObject(C.self, name: C.name)
        let path = route?.path ?? "/commands/\(C.name)"
        let method = route?.method ?? .post
        let captured = PathParameters.names(in: path)
        let examples = FieldExamples(C.self)
        let documented = C.self as? any Documented.Type
        let isSingle = C.Target.self is any Aggregate.Type

        var answers = responses.problems(of: .command(onSeveralStreams: !isSingle), own: Self.refusals(documented))
        answers[newID == nil ? "200" : "201"] = Self.accepted(isSingle: isSingle, isNew: newID != nil)
        var operation = Operation(
            method: method, path: path, id: id, tag: tag, summary: documented?.summary.headline ?? "", responses: answers, name: C.name)
        if operation.summary.isEmpty { operation.summary = C.name }
        operation.description = [documented?.summary ?? "", "Needs the permission `\(C.permission)`."].filter { !$0.isEmpty }.joined(
            separator: "\n\n")
        operation.parameters =
            PathField.parameters(captured, of: object, examples)
            + ["IdempotencyKey", "IfMatch", "Session", "CorrelationId", "CausationId"].map(Components.parameter)
        operation.requestBody = body(object, captured, examples)
        if examples.objects.first != nil || object.keywords["required"] == nil {
            operation.sample = CurlSample(
                method: method, path: PathField.filled(path, examples), body: examples.bodies(without: captured).first ?? [:])
        }
        return operation
    }

    /// What is in the path or is made anew is not wanted in the body.
    private func body(_ object: JSONSchema, _ captured: [String], _ examples: FieldExamples) -> JSONTree {
        var schema: JSONTree = ["$ref": .string("#/components/schemas/\(C.name)")]
        var required = object.keywords["required"]?.elements.compactMap(\.text) ?? []
        if !captured.isEmpty || newID.map(required.contains) == true {
            required.removeAll { captured.contains($0) || $0 == newID }
            var keywords = object.keywords
            keywords["required"] = required.isEmpty ? nil : .array(required.map(JSONTree.string))
            keywords["examples"] = nil
            keywords["properties"] = keywords["properties"].map { .object($0.members.filter { !captured.contains($0.key) }) }
            schema = .object(keywords)
        }
        var content: [String: JSONTree] = ["schema": schema]
        let bodies = examples.bodies(without: captured)
        if !bodies.isEmpty {
            content["examples"] = .object(
                Dictionary(bodies.enumerated().map { ("example\($0.offset + 1)", ["value": $0.element]) }) { first, _ in first })
        }
        return ["required": .bool(!required.isEmpty), "content": ["application/json": .object(content)]]
    }

    private static func accepted(isSingle: Bool, isNew: Bool) -> JSONTree {
        var headers: [String: JSONTree] = [
            "X-Correlation-Id": Components.header("CorrelationId"), "Leftfold-Position": Components.header("Position"),
            "Leftfold-Session": Components.header("Session"),
        ]
        // One that changed a single stream of several answers as if it were on that one.
        if isSingle { headers["ETag"] = Components.header("ETag") }
        if isNew, isSingle { headers["Location"] = Components.header("Location") }
        let receipt: JSONTree = ["$ref": "#/components/schemas/Receipt"]
        return [
            "description": .string(isNew ? "Created." : "Accepted: done, or nothing was to be changed."), "headers": .object(headers),
            "content": [
                "application/json": [
                    "schema": isSingle ? receipt : ["anyOf": [receipt, ["$ref": "#/components/schemas/StreamsReceipt"]]]
                ]
            ],
        ]
    }

    private static func refusals(_ documented: (any Documented.Type)?) -> [any Refusal]? { documented?.refusals }
}

/// What a path captures, as parameters.
enum PathField {
    static func parameters(_ captured: [String], of object: JSONSchema, _ examples: FieldExamples) -> [JSONTree] {
        captured.map { name in
            let known = object.keywords["properties"]?[name].map { JSONSchema($0.members).present } ?? .string()
            var schema = known
            if schema.keywords["type"] == "string", schema.keywords["format"] == nil, schema.keywords["minLength"] == nil {
                schema = schema.with("minLength", 1)
            }
            var parameter: [String: JSONTree] = ["name": .string(name), "in": "path", "required": true, "schema": schema.tree]
            if let example = examples[name] { parameter["example"] = .json(example) }
            return .object(parameter)
        }
    }

    /// The path of the example.
    static func filled(_ path: String, _ examples: FieldExamples) -> String {
        PathParameters.names(in: path).reduce(path) { path, name in
            path.replacing("{\(name)}", with: examples[name]?.inURL ?? "$\(name.uppercased())")
        }
    }
}
