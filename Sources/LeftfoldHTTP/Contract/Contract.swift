import HTTPTypes
import Leftfold

/// The contract of a service: an OpenAPI 3.1 document, made of what is registered. Equal parts make equal bytes.
struct Contract: Sendable {
    /// The document.
    let tree: JSONTree
    let json: [UInt8]

    init(_ parts: ContractParts) {
        let book = SchemaBook()
        var responses = Responses()
        // First, so that its name is its own.
        _ = book.schema(of: Problem.self)
        book.add(Components.receipt, name: "Receipt")
        book.add(Components.streamsReceipt, name: "StreamsReceipt")

        var operations = Self.withUniqueIDs(Self.operations(parts, book, &responses))
        Self.addLinks(to: &operations, parts.routes)
        operations += OpenOperations(parts: parts).all(&responses)
        operations = Self.withUniqueIDs(operations + parts.ownRoutes.map { OpenOperations.own($0, id: Self.ownID($0)) })

        var paths: [String: JSONTree] = [:]
        for operation in operations {
            var item = paths[operation.path]?.members ?? [:]
            item[operation.method.rawValue.lowercased()] = operation.tree
            paths[operation.path] = .object(item)
        }
        tree = [
            "openapi": "3.1.0", "info": Self.info(parts.info), "servers": [["url": "/"]], "security": [["bearer": []]],
            "tags": .array(Self.tags(operations)), "paths": .object(paths),
            "components": [
                "schemas": .object(book.components.mapValues(\.tree)), "responses": .object(responses.components),
                "parameters": Components.parameters, "headers": Components.headers, "securitySchemes": Components.securitySchemes,
            ],
        ]
        json = tree.bytes
    }

    private static func operations(_ parts: ContractParts, _ book: SchemaBook, _ responses: inout Responses) -> [Operation] {
        var operations: [Operation] = []
        for route in parts.routes {
            let tag = route.path.split(separator: "/").first.map(String.init) ?? "service"
            switch route.meaning {
            case .command(let type, let newID):
                operations.append(command(type, route, newID, book, &responses, id: route.name.lowerCamel, tag: tag))
            case .query(let type, let known, let isVersioned):
                operations.append(query(type, route, known, isVersioned, book, &responses, id: route.name.lowerCamel, tag: tag))
            }
        }
        for type in parts.commands {
            operations.append(command(type, nil, nil, book, &responses, id: "send\(type.name)", tag: "commands"))
        }
        for type in parts.queries {
            operations.append(query(type, nil, [], false, book, &responses, id: "ask\(type.name)", tag: "queries"))
        }
        return operations
    }

    private static func command<C: Command>(
        _ type: C.Type, _ route: Route?, _ newID: String?, _ book: SchemaBook, _ responses: inout Responses, id: String, tag: String
    ) -> Operation {
        CommandOperation<C>(route: route, newID: newID).make(book, &responses, id: id, tag: tag)
    }

    private static func query<Q: Query>(
        _ type: Q.Type, _ route: Route?, _ known: [QueryParameter], _ isVersioned: Bool, _ book: SchemaBook, _ responses: inout Responses,
        id: String, tag: String
    ) -> Operation {
        QueryOperation<Q>(route: route, known: known, isVersioned: isVersioned).make(book, &responses, id: id, tag: tag)
    }

    /// From what was created to the operations on it.
    private static func addLinks(to operations: inout [Operation], _ routes: [Route]) {
        for (index, route) in routes.enumerated() {
            guard case .command(_, let newID?) = route.meaning else { continue }
            var links: [String: JSONTree] = [:]
            for (other, operation) in zip(routes, operations) where other.path.hasPrefix(route.path + "/{") {
                let captured = PathParameters.names(in: other.path)
                guard captured == [newID] else { continue }
                var parameters: [String: JSONTree] = ["path.\(newID)": "$response.body#/id"]
                if !other.isCommand { parameters["query.after"] = "$response.body#/position" }
                links[operation.id] = ["operationId": .string(operation.id), "parameters": .object(parameters)]
            }
            guard !links.isEmpty, case .object(var created)? = operations[index].responses["201"] else { continue }
            created["links"] = .object(links)
            operations[index].responses["201"] = .object(created)
        }
    }

    /// Of operations of one id, the first keeps it.
    private static func withUniqueIDs(_ operations: [Operation]) -> [Operation] {
        var taken: Set<String> = []
        return operations.map { operation in
            var operation = operation
            let id = operation.id
            var number = 2
            while !taken.insert(operation.id).inserted {
                operation.id = "\(id)\(number)"
                number += 1
            }
            return operation
        }
    }

    private static func ownID(_ route: ContractParts.OwnRoute) -> String {
        route.method.rawValue.lowercased()
            + route.path.split(whereSeparator: { !$0.isASCII || !($0.isLetter || $0.isNumber) }).map {
                $0.prefix(1).uppercased() + $0.dropFirst()
            }
            .joined()
    }

    private static func tags(_ operations: [Operation]) -> [JSONTree] {
        let known = [
            "commands": "Every command by its name.", "queries": "Every query by its name.", "contract": "What this service can do.",
            "monitoring": "For operators; needs no token.", "own": "Routes of the service's own, which are not described.",
        ]
        var tags: [JSONTree] = []
        for tag in operations.map(\.tag) where !tags.contains(where: { $0["name"]?.text == tag }) {
            var members: [String: JSONTree] = ["name": .string(tag)]
            members["description"] = known[tag].map(JSONTree.string)
            tags.append(.object(members))
        }
        return tags
    }

    private static func info(_ info: ServiceInfo) -> JSONTree {
        [
            "title": .string(info.title), "version": .string(info.version),
            "description": .string([info.description, general].filter { !$0.isEmpty }.joined(separator: "\n\n")),
        ]
    }

    private static let general = """
        Commands change something and are answered with a receipt; queries are answered from read models, which follow within \
        milliseconds. A query that carries the `position` of a receipt, as `after` or `Leftfold-Position`, never answers from before it.

        Send commands with an `Idempotency-Key` of your own: a repeat with the same key has one effect and one answer. Send `If-Match` \
        with the version that you decided on: 412 if somebody was faster.

        Refusals are problem documents (RFC 9457). Act on `code`, which is stable.
        """
}
