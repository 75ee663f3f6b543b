/// A JSON document that is being made: what schemas and the contract of a service are put together from.
package indirect enum JSONTree: Sendable, Hashable {
    case bool(Bool)
    case integer(Int64)
    case string(String)
    case array([JSONTree])
    /// Written in the order of the names, so that equal trees are equal bytes.
    case object([String: JSONTree])
    /// JSON already.
    case json(RawJSON)

    package func append(to json: inout [UInt8]) {
        switch self {
        case .bool(let bool): json.append(contentsOf: (bool ? "true" : "false").utf8)
        case .integer(let number): JSONText.integer(number).append(to: &json)
        case .string(let text): JSONText.string(text).append(to: &json)
        case .json(let raw): json.append(contentsOf: raw.bytes)
        case .array(let elements):
            json.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { json.append(UInt8(ascii: ",")) }
                element.append(to: &json)
            }
            json.append(UInt8(ascii: "]"))
        case .object(let members):
            json.append(UInt8(ascii: "{"))
            for (index, name) in members.keys.sorted().enumerated() {
                if index > 0 { json.append(UInt8(ascii: ",")) }
                JSONText.string(name).append(to: &json)
                json.append(UInt8(ascii: ":"))
                members[name]?.append(to: &json)
            }
            json.append(UInt8(ascii: "}"))
        }
    }

    package var bytes: [UInt8] {
        var json: [UInt8] = []
        append(to: &json)
        return json
    }

    /// The member of an object; nil where there is none.
    package subscript(name: String) -> JSONTree? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    package var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    package var elements: [JSONTree] {
        if case .array(let elements) = self { elements } else { [] }
    }

    package var members: [String: JSONTree] {
        if case .object(let members) = self { members } else { [:] }
    }
}

extension JSONTree: ExpressibleByStringLiteral, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSONTree...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONTree)...) { self = .object(Dictionary(elements) { _, last in last }) }
}
