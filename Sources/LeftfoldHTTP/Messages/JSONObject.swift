/// Puts fields into JSON objects without decoding them, byte by byte. What is malformed stays malformed, for the strict
/// decoder behind it to refuse.
enum JSONObject {
    static let empty = Array("{}".utf8)

    /// The object with these fields in front. A field that is there already is then there twice, which is refused later.
    static func inserting(_ fields: [(name: String, value: JSONValue)], into object: [UInt8]) -> [UInt8] {
        guard !fields.isEmpty, let brace = object.firstIndex(where: { !isBlank($0) }), object[brace] == UInt8(ascii: "{") else {
            return object
        }
        var json: [UInt8] = [UInt8(ascii: "{")]
        json.reserveCapacity(object.count + 64 * fields.count)
        for (index, field) in fields.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            JSONValue.string(field.name).append(to: &json)
            json.append(UInt8(ascii: ":"))
            field.value.append(to: &json)
        }
        let rest = object[(brace + 1)...]
        if rest.first(where: { !isBlank($0) }) != UInt8(ascii: "}") { json.append(UInt8(ascii: ",")) }
        json.append(contentsOf: rest)
        return json
    }

    /// Whether the outermost object has this key.
    static func has(_ name: String, in object: [UInt8]) -> Bool {
        let wanted = Array(name.utf8)
        var depth = 0
        var index = 0
        while index < object.count {
            switch object[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                let start = index + 1
                index = start
                while index < object.count, object[index] != UInt8(ascii: "\"") {
                    index += object[index] == UInt8(ascii: "\\") ? 2 : 1
                }
                guard index < object.count else { return false }
                if depth == 1, index - start == wanted.count, object[start..<index].elementsEqual(wanted),
                    object[(index + 1)...].first(where: { !isBlank($0) }) == UInt8(ascii: ":")
                {
                    return true
                }
            default: break
            }
            index += 1
        }
        return false
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
}

enum JSONValue {
    case string(String)
    case integer(Int64)

    func append(to json: inout [UInt8]) {
        switch self {
        case .integer(let number): json.append(contentsOf: String(number).utf8)
        case .string(let text):
            json.append(UInt8(ascii: "\""))
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                    json.append(UInt8(ascii: "\\"))
                    json.append(byte)
                case 0..<0x20:
                    let digits = Array("0123456789abcdef".utf8)
                    json.append(contentsOf: "\\u00".utf8)
                    json.append(digits[Int(byte >> 4)])
                    json.append(digits[Int(byte & 15)])
                default: json.append(byte)
                }
            }
            json.append(UInt8(ascii: "\""))
        }
    }
}
