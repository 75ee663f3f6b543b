import Leftfold

/// A schema in words, for the docs page.
enum SchemaText {
    /// What a value is, as HTML: `text (uuid)`, `integer, 1 to 500`, `list of UserView`.
    static func kind(_ schema: JSONTree) -> String {
        if let reference = schema["$ref"]?.text, let name = reference.split(separator: "/").last {
            return "<a href=\"#schema-\(HTML.anchor(String(name)))\">\(HTML.escaped(String(name)))</a>"
        }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            if let choices = schema[keyword]?.elements, !choices.isEmpty {
                return choices.map(kind).joined(separator: keyword == "allOf" ? " with " : " or ")
            }
        }
        if let only = schema["const"] { return HTML.code(written(only)) }
        if let values = schema["enum"]?.elements { return values.map { HTML.code(written($0)) }.joined(separator: ", ") }
        let types = (schema["type"]?.text).map { [$0] } ?? schema["type"]?.elements.compactMap(\.text) ?? []
        if types.isEmpty { return "anything" }
        return types.map { type in type == "array" ? "list of \(kind(schema["items"] ?? [:]))" : word(type, schema) }.joined(
            separator: " or ")
    }

    private static func word(_ type: String, _ schema: JSONTree) -> String {
        switch type {
        case "string":
            var text = schema["format"]?.text.map { "text (\($0))" } ?? "text"
            if let most = schema["maxLength"] { text += ", at most \(written(most)) characters" }
            return HTML.escaped(text)
        case "integer": return HTML.escaped("integer" + range(schema))
        case "object":
            guard let values = schema["additionalProperties"], !values.members.isEmpty else { return "object" }
            return "map of \(kind(values))"
        default: return HTML.escaped(type)
        }
    }

    private static func range(_ schema: JSONTree) -> String {
        guard case .integer(let low)? = schema["minimum"], case .integer(let high)? = schema["maximum"] else { return "" }
        switch (low == .min, high == .max) {
        case (true, true): return ""
        case (false, true): return ", from \(low)"
        case (true, false): return ", to \(high)"
        case (false, false): return ", \(low) to \(high)"
        }
    }

    /// Each field of an object; nothing for other schemas.
    static func fields(_ schema: JSONTree) -> String {
        let properties = schema["properties"]?.members ?? [:]
        guard !properties.isEmpty else { return "" }
        let required = Set(schema["required"]?.elements.compactMap(\.text) ?? [])
        let rows = properties.sorted { $0.key < $1.key }.map { name, property in
            row(name, required.contains(name), property, property["description"]?.text ?? "")
        }
        return table(rows)
    }

    static func row(_ name: String, _ isRequired: Bool, _ schema: JSONTree, _ description: String) -> String {
        "<tr><td>\(HTML.code(name))</td><td>\(kind(schema))\(isRequired ? " <b>required</b>" : "")</td><td>\(HTML.line(description))</td></tr>"
    }

    static func table(_ rows: [String]) -> String { rows.isEmpty ? "" : "<table>\(rows.joined())</table>" }

    static func written(_ tree: JSONTree) -> String { tree.text ?? String(decoding: tree.bytes, as: UTF8.self) }
}
