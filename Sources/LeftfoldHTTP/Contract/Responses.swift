import HTTPTypes
import Leftfold

/// The answers of operations that are no success. Those of Leftfold's own codes only are components, which operations share.
struct Responses {
    private(set) var components: [String: JSONTree] = [:]

    /// By status.
    ///
    /// - Parameters:
    ///   - own: refusals of the service's own; nil where they are not known, so that any code may come with 404 and 409.
    mutating func problems(of kind: OperationKind, own: [any Refusal]?) -> [String: JSONTree] {
        let listed = kind.codes
        var added = Dictionary(grouping: own ?? []) { Statuses.status(of: $0, isConditional: false).code }
        // Listed already, with its status.
        added = added.mapValues { $0.filter { refusal in !(ProblemCode.all.contains { $0.code == refusal.code }) } }.filter {
            !$0.value.isEmpty
        }
        let isOpen = own == nil
        var responses: [String: JSONTree] = [:]
        for status in Set(listed.keys).union(added.keys).union(isOpen ? [404, 409] : []).sorted() {
            let codes = listed[status] ?? []
            let takesAny = isOpen && (status == 404 || status == 409)
            if let more = added[status] {
                responses[String(status)] = Self.response(status, codes, more, takesAny: false)
            } else {
                responses[String(status)] = shared(status, codes, kind, takesAny: takesAny)
            }
        }
        return responses
    }

    private mutating func shared(_ status: Int, _ codes: [ProblemCode], _ kind: OperationKind, takesAny: Bool) -> JSONTree {
        let isCommon = !takesAny && Set(codes.map(\.place)).isSubset(of: [.all, .guarded, .body]) && Self.isWhole(codes, status)
        let name = Self.name(status) + (isCommon ? "" : kind.name) + (takesAny ? "Any" : "")
        components[name] = Self.response(status, codes, [], takesAny: takesAny)
        return ["$ref": .string("#/components/responses/\(name)")]
    }

    /// Whether these are all codes of this status in those places: other kinds of operations may have fewer.
    private static func isWhole(_ codes: [ProblemCode], _ status: Int) -> Bool {
        codes == ProblemCode.all.filter { $0.status.code == status && $0.place != .unrouted }
    }

    private static func name(_ status: Int) -> String {
        // Only the listed ones have a phrase.
        (ProblemCode.all.first { $0.status.code == status }?.status.reasonPhrase ?? "Status\(status)").filter { $0.isASCII && $0.isLetter }
    }

    private static func response(_ status: Int, _ codes: [ProblemCode], _ own: [any Refusal], takesAny: Bool) -> JSONTree {
        var lines = codes.map { "`\($0.code)`: \($0.when)" } + own.map { "`\($0.code)`: \($0.message)" }
        if takesAny { lines.append("Or a code of the service's own.") }
        let names = codes.map(\.code) + own.map(\.code)
        var refinements: [String: JSONTree] = ["status": ["const": .integer(Int64(status))]]
        if !takesAny { refinements["code"] = ["enum": .array(names.map(JSONTree.string))] }
        var content: [String: JSONTree] = [
            "schema": ["allOf": [["$ref": "#/components/schemas/Problem"], ["type": "object", "properties": .object(refinements)]]]
        ]
        var examples: [String: JSONTree] = [:]
        for refusal in own { examples[refusal.code] = example(refusal.code, refusal.message, status) }
        if let first = codes.first, own.isEmpty { examples[first.code] = example(first.code, first.when.replacing("`", with: ""), status) }
        if !examples.isEmpty { content["examples"] = .object(examples) }
        var headers: [String: JSONTree] = ["X-Correlation-Id": Components.header("CorrelationId")]
        switch status {
        case 401: headers["WWW-Authenticate"] = Components.header("WWWAuthenticate")
        case 429, 503: headers["Retry-After"] = Components.header("RetryAfter")
        default: break
        }
        return [
            "description": .string(lines.joined(separator: "\n\n")), "headers": .object(headers),
            "content": ["application/problem+json": .object(content)],
        ]
    }

    private static func example(_ code: String, _ detail: String, _ status: Int) -> JSONTree {
        let problem = Problem(code: code, status: status, detail: detail, correlationID: "7f1c2f0e-8a51-4c0e-9f5e-0d6a3a4b5c6d")
        return ["value": .json(RawJSON((try? StrictJSON.encode(problem)) ?? JSONObject.empty))]
    }
}
