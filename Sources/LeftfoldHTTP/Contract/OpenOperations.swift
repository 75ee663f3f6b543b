import HTTPTypes
import Leftfold

/// What needs no token: the contract itself, and what operators watch.
struct OpenOperations {
    let parts: ContractParts

    func all(_ responses: inout Responses) -> [Operation] {
        let problems = responses.problems(of: .open, own: [])
        var operations = [
            Self.make("/", id: "getIndex", tag: "contract", "Where to go from here", "application/json", Self.index, problems),
            Self.make(
                ContractRoutes.documentPath, id: "getContract", tag: "contract", "This document", "application/json", ["type": "object"],
                problems, isTagged: true),
            Self.make(
                ContractRoutes.docsPath, id: "getDocs", tag: "contract", "This document, for people", "text/html; charset=utf-8",
                ["type": "string"], problems, isTagged: true),
        ]
        if parts.hasHealth {
            operations.append(
                Self.make(
                    "/health/live", id: "getLive", tag: "monitoring", "Whether the process runs", "application/json",
                    ["type": "object", "required": ["live"], "properties": ["live": ["const": true]]], problems))
            var ready = Self.make(
                "/health/ready", id: "getReady", tag: "monitoring", "Whether the service can take work", "application/json",
                Self.ready(true),
                problems)
            // Its 503 is no problem document, unless the request itself ran out of time.
            let late: JSONTree = ["$ref": "#/components/schemas/Problem"]
            ready.responses["503"] = [
                "description": "Not now; the checks tell why.", "headers": ["X-Correlation-Id": Components.header("CorrelationId")],
                "content": ["application/json": ["schema": Self.ready(false)], "application/problem+json": ["schema": late]],
            ]
            operations.append(ready)
        }
        if parts.hasMetrics {
            operations.append(
                Self.make(
                    "/metrics", id: "getMetrics", tag: "monitoring", "Metrics for Prometheus", "text/plain; version=0.0.4; charset=utf-8",
                    ["type": "string"], problems))
        }
        return operations
    }

    private static func make(
        _ path: String, id: String, tag: String, _ summary: String, _ type: String, _ schema: JSONTree, _ problems: [String: JSONTree],
        isTagged: Bool = false
    ) -> Operation {
        var headers = ["X-Correlation-Id": Components.header("CorrelationId")]
        if isTagged { headers["ETag"] = Components.header("ETag") }
        var answers = problems
        answers["200"] = [
            "description": .string(summary + "."), "headers": .object(headers), "content": .object([type: ["schema": schema]]),
        ]
        if isTagged { answers["304"] = ["description": "Still what `If-None-Match` names.", "headers": .object(headers)] }
        var operation = Operation(
            method: .get, path: path, id: id, tag: tag, summary: summary, needsToken: false, responses: answers,
            sample: CurlSample(method: .get, path: path, needsToken: false))
        operation.parameters = ((isTagged ? ["IfNoneMatch"] : []) + ["CorrelationId"]).map(Components.parameter)
        return operation
    }

    private static let index: JSONTree = [
        "type": "object", "required": ["name", "version", "links"],
        "properties": [
            "name": ["type": "string"], "version": ["type": "string"],
            "links": [
                "type": "object", "required": ["openapi", "docs"],
                "properties": ["openapi": ["type": "string"], "docs": ["type": "string"], "health": ["type": "string"]],
            ],
        ],
    ]

    private static func ready(_ isReady: Bool) -> JSONTree {
        [
            "type": "object", "required": ["ready", "checks"],
            "properties": [
                "ready": ["const": .bool(isReady)],
                "checks": [
                    "type": "array",
                    "items": [
                        "type": "object", "required": ["name", "healthy", "degraded"],
                        "properties": [
                            "name": ["type": "string"], "healthy": ["type": "boolean"], "degraded": ["type": "boolean"],
                            "detail": ["type": "string"],
                        ],
                    ],
                ],
            ],
        ]
    }

    /// Routes of the service's own: that they are there is all that is known.
    static func own(_ route: ContractParts.OwnRoute, id: String) -> Operation {
        var operation = Operation(
            method: route.method, path: route.path, id: id, tag: "own", summary: "\(route.method.rawValue) \(route.path)",
            needsToken: !route.isOpen, responses: ["default": ["description": "As the service has it."]])
        operation.parameters = PathParameters.names(in: route.path).map {
            ["name": .string($0), "in": "path", "required": true, "schema": ["type": "string"]]
        }
        return operation
    }
}
