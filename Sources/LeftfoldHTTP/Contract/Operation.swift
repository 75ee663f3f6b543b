import HTTPTypes
import Leftfold

/// One operation of the contract that is being written.
struct Operation {
    let method: HTTPRequest.Method
    let path: String
    var id: String
    let tag: String
    var summary: String
    var description = ""
    var needsToken = true
    var parameters: [JSONTree] = []
    var requestBody: JSONTree?
    var responses: [String: JSONTree]
    var sample: CurlSample?
    /// The command or query that it is.
    var name: String?

    var tree: JSONTree {
        var members: [String: JSONTree] = [
            "operationId": .string(id), "tags": [.string(tag)], "summary": .string(summary), "responses": .object(responses),
        ]
        if !description.isEmpty { members["description"] = .string(description) }
        if !parameters.isEmpty { members["parameters"] = .array(parameters) }
        members["requestBody"] = requestBody
        if !needsToken { members["security"] = [] }
        members["x-codeSamples"] = sample?.tree
        return .object(members)
    }
}

extension String {
    /// `GetUser` as `getUser`.
    var lowerCamel: String { prefix(1).lowercased() + dropFirst() }

    /// The first sentence, for a heading.
    var headline: String {
        let line = split(separator: "\n").first.map(String.init) ?? ""
        let sentence = line.firstMatch(of: #/\.(?:\s|$)/#).map { line[..<$0.range.lowerBound] } ?? line[...]
        return String(sentence.drop { $0 == " " })
    }
}
