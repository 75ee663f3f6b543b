/// What a JSON value is like, in the words of JSON Schema 2020-12, which OpenAPI 3.1 uses.
///
/// Made by the static functions, and refined by ``described(_:)`` and examples.
public struct JSONSchema: Sendable, Hashable {
    package var keywords: [String: JSONTree]

    package init(_ keywords: [String: JSONTree]) { self.keywords = keywords }

    /// Any value at all.
    public static let anything = JSONSchema([:])
    public static let boolean = JSONSchema(["type": "boolean"])
    public static let number = JSONSchema(["type": "number"])

    /// - Parameters:
    ///   - length: in Unicode scalars, as JSON Schema counts them.
    ///   - format: a name such as `uuid` or `date-time`.
    ///   - pattern: a regular expression of ECMA 262 that a part of the text must match.
    public static func string(length: ClosedRange<Int>? = nil, format: String? = nil, pattern: String? = nil) -> JSONSchema {
        var keywords: [String: JSONTree] = ["type": "string"]
        if let length {
            if length.lowerBound > 0 { keywords["minLength"] = .integer(Int64(length.lowerBound)) }
            keywords["maxLength"] = .integer(Int64(length.upperBound))
        }
        if let format { keywords["format"] = .string(format) }
        if let pattern { keywords["pattern"] = .string(pattern) }
        return JSONSchema(keywords)
    }

    /// One of these texts.
    public static func string(oneOf texts: [String]) -> JSONSchema {
        JSONSchema(["type": "string", "enum": .array(texts.map(JSONTree.string))])
    }

    public static func integer(_ range: ClosedRange<Int64> = .min ... .max) -> JSONSchema {
        JSONSchema(["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)])
    }

    public static func integer(_ range: PartialRangeFrom<Int64>) -> JSONSchema { integer(range.lowerBound ... .max) }

    public static func array(of element: JSONSchema) -> JSONSchema { JSONSchema(["type": "array", "items": element.tree]) }

    /// An object whose names are not known beforehand.
    public static func map(of value: JSONSchema) -> JSONSchema { JSONSchema(["type": "object", "additionalProperties": value.tree]) }

    /// With a sentence for readers, in Markdown.
    public func described(_ text: String) -> JSONSchema { with("description", .string(text)) }

    /// With an example in its written form, besides those that it has.
    public func example(_ json: RawJSON) -> JSONSchema {
        with("examples", .array((keywords["examples"]?.elements ?? []) + [.json(json)]))
    }

    public func example(_ text: String) -> JSONSchema { example(RawJSON(JSONTree.string(text).bytes)) }
    public func example(_ number: Int64) -> JSONSchema { example(RawJSON(JSONTree.integer(number).bytes)) }

    package var tree: JSONTree { .object(keywords) }

    package func with(_ keyword: String, _ value: JSONTree) -> JSONSchema {
        var schema = self
        schema.keywords[keyword] = value
        return schema
    }

    static func reference(to component: String) -> JSONSchema { JSONSchema(["$ref": .string("#/components/schemas/\(component)")]) }

    /// The same, or `null`.
    var nullable: JSONSchema {
        var schema = self
        switch keywords["type"] {
        case .string(let type): schema.keywords["type"] = .array([.string(type), "null"])
        case .array: return self
        // One that says nothing of what the value is allows null already.
        default: return Self.choosing.isDisjoint(with: keywords.keys) ? self : JSONSchema(["anyOf": .array([tree, ["type": "null"]])])
        }
        if let values = keywords["enum"]?.elements { schema.keywords["enum"] = .array(values + [.json(RawJSON(Array("null".utf8)))]) }
        return schema
    }

    private static let choosing: Set<String> = ["$ref", "anyOf", "oneOf", "allOf", "const", "enum"]

    /// The same without `null`: what a parameter in a URL can be.
    package var present: JSONSchema {
        var schema = self
        if let some = keywords["anyOf"]?.elements.first { return JSONSchema(some.members) }
        if let type = keywords["type"]?.elements.first { schema.keywords["type"] = type }
        if let values = keywords["enum"]?.elements { schema.keywords["enum"] = .array(values.filter { $0.text != nil }) }
        return schema
    }

    /// With what the other says besides, or instead. That a value may be `null`, its type has said.
    func refined(by other: JSONSchema) -> JSONSchema {
        let isNullable = keywords["type"]?.elements.contains("null") ?? (keywords["anyOf"] != nil)
        let other = isNullable ? other.nullable : other
        return JSONSchema(keywords.merging(other.keywords) { _, new in new })
    }
}
