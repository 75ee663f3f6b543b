import Crypto
import Foundation
import Leftfold

/// The contract for people: one page that needs nothing from anywhere else, and no script to be read.
struct DocsPage {
    let html: String
    /// For `Content-Security-Policy`: the page's own style and script, known by their digests, and nothing else.
    let policy: String

    init(_ contract: Contract) {
        let document = contract.tree
        let title = document["info"]?["title"]?.text ?? ""
        let version = document["info"]?["version"]?.text ?? ""
        let sections = Self.sections(document)
        html = """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(HTML.escaped(title))</title><link rel="icon" href="data:,"><style>\(Self.style)</style></head><body>
            <header><h1>\(HTML.escaped(title)) <small>\(HTML.escaped(version))</small></h1>
            \(HTML.prose(document["info"]?["description"]?.text ?? ""))
            <p>The same for machines, in OpenAPI 3.1: <a href="openapi.json">openapi.json</a>. The examples are for a shell with <code>URL</code> and <code>TOKEN</code> set.</p>
            <input id="search" type="search" placeholder="Search: a path, a field, a code …" aria-label="Search" hidden><p id="count" role="status"></p></header>
            <main>\(sections)\(Self.schemas(document))</main>
            <script>\(Self.script)</script></body></html>
            """
        policy =
            "default-src 'none'; style-src \(Self.digest(Self.style)); script-src \(Self.digest(Self.script)); img-src data:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    }

    private static func digest(_ text: String) -> String {
        "'sha256-\(Data(SHA256.hash(data: Array(text.utf8))).base64EncodedString())'"
    }

    // MARK: Operations

    private static func sections(_ document: JSONTree) -> String {
        var byTag: [String: [String]] = [:]
        for (path, item) in (document["paths"]?.members ?? [:]).sorted(by: { $0.key < $1.key }) {
            for method in ["get", "post", "put", "patch", "delete"] {
                guard let operation = item[method], let tag = operation["tags"]?.elements.first?.text else { continue }
                byTag[tag, default: []].append(section(method, path, operation, document))
            }
        }
        return (document["tags"]?.elements ?? []).map { tag in
            let name = tag["name"]?.text ?? ""
            return "<h2>\(HTML.escaped(name))</h2>\(HTML.prose(tag["description"]?.text ?? ""))\((byTag[name] ?? []).joined())"
        }.joined()
    }

    private static func section(_ method: String, _ path: String, _ operation: JSONTree, _ document: JSONTree) -> String {
        let id = HTML.anchor(operation["operationId"]?.text ?? "")
        var parts = [
            "<h3><span class=\"method \(method)\">\(method.uppercased())</span> \(HTML.code(path)) <small>\(HTML.line(operation["summary"]?.text ?? ""))</small></h3>",
            HTML.prose(operation["description"]?.text ?? ""),
        ]
        for sample in operation["x-codeSamples"]?.elements ?? [] {
            parts.append("<pre>\(HTML.escaped(sample["source"]?.text ?? ""))</pre>")
        }
        let parameters = (operation["parameters"]?.elements ?? []).map { resolved($0, document) }
        if !parameters.isEmpty {
            let rows = parameters.map { parameter in
                SchemaText.row(
                    parameter["name"]?.text ?? "", parameter["required"] == true, parameter["schema"] ?? [:],
                    [parameter["in"]?.text ?? "", parameter["description"]?.text ?? parameter["schema"]?["description"]?.text ?? ""]
                        .filter { !$0.isEmpty }.joined(separator: ": "))
            }
            parts.append("<h4>Parameters</h4>" + SchemaText.table(rows))
        }
        if let schema = operation["requestBody"]?["content"]?["application/json"]?["schema"] {
            parts.append("<h4>Body</h4><p>\(SchemaText.kind(schema))</p>\(SchemaText.fields(resolved(schema, document)))")
        }
        parts.append("<h4>Answers</h4>\(answers(operation, document))")
        return "<section id=\"\(id)\"><details><summary>\(parts[0])</summary>\(parts.dropFirst().joined())</details></section>"
    }

    private static func answers(_ operation: JSONTree, _ document: JSONTree) -> String {
        let rows = (operation["responses"]?.members ?? [:]).sorted { $0.key < $1.key }.map { status, response in
            let answer = resolved(response, document)
            let kinds = (answer["content"]?.members ?? [:]).sorted { $0.key < $1.key }.filter { $0.key != "application/problem+json" }
                .map { SchemaText.kind($0.value["schema"] ?? [:]) }
            return
                "<tr><td><b>\(HTML.escaped(status))</b></td><td>\(kinds.joined(separator: " or "))\(HTML.prose(answer["description"]?.text ?? ""))</td></tr>"
        }
        return SchemaText.table(rows)
    }

    // MARK: Schemas

    private static func schemas(_ document: JSONTree) -> String {
        let sections = (document["components"]?["schemas"]?.members ?? [:]).sorted { $0.key < $1.key }.map { name, schema in
            let examples = (schema["examples"]?.elements ?? []).map { "<pre>\(HTML.escaped(SchemaText.written($0)))</pre>" }.joined()
            return """
                <section id="schema-\(HTML.anchor(name))"><h3>\(HTML.code(name))</h3>\(HTML.prose(schema["description"]?.text ?? ""))\
                \(schema["properties"] == nil ? "<p>\(SchemaText.kind(schema))</p>" : SchemaText.fields(schema))\(examples)</section>
                """
        }
        return "<h2>Schemas</h2>" + sections.joined()
    }

    /// What a reference stands for.
    private static func resolved(_ tree: JSONTree, _ document: JSONTree) -> JSONTree {
        guard let reference = tree["$ref"]?.text else { return tree }
        return reference.split(separator: "/").dropFirst().reduce(document) { $0[String($1)] ?? [:] }
    }
}
