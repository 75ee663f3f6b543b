/// Reads and writes fields of JSON objects without decoding them. What is malformed stays malformed, for the strict decoder
/// behind it to refuse.
package enum JSONObject {
    package static let empty = Array("{}".utf8)

    /// The object with these fields in front. A field that is there already is then there twice, which is refused later.
    package static func inserting(_ fields: [(name: String, value: JSONText)], into object: [UInt8]) -> [UInt8] {
        var scanner = JSONScanner(object)
        guard !fields.isEmpty, (try? scanner.next()) == .open(.object) else { return object }
        let rest = object[scanner.index...]
        let isEmpty = (try? scanner.next()) == .close(.object)
        var json: [UInt8] = [UInt8(ascii: "{")]
        json.reserveCapacity(object.count + 64 * fields.count)
        for (index, field) in fields.enumerated() {
            if index > 0 { json.append(UInt8(ascii: ",")) }
            JSONText.string(field.name).append(to: &json)
            json.append(UInt8(ascii: ":"))
            field.value.append(to: &json)
        }
        if !isEmpty { json.append(UInt8(ascii: ",")) }
        json.append(contentsOf: rest)
        return json
    }
}

/// A value in its written form.
package enum JSONText {
    case string(String)
    case integer(Int64)
    /// JSON already.
    case json([UInt8])

    package func append(to json: inout [UInt8]) {
        switch self {
        case .integer(let number): json.append(contentsOf: String(number).utf8)
        case .json(let bytes): json.append(contentsOf: bytes)
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
