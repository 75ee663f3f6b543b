/// One pass over untrusted JSON, without recursion: depth, repeated keys, balanced brackets, UTF-8. It does not replace
/// the decoder's own checks; it makes the decoder safe to call.
enum JSONInspection {
    static func inspect(_ json: [UInt8]) throws(MalformedInput) {
        guard String(validating: json, as: UTF8.self) != nil else { throw MalformedInput("The JSON is not UTF-8.") }
        // The decoder would take text with zero bytes for UTF-16 or UTF-32, and read something else than is looked over here.
        guard !json.contains(0) else { throw MalformedInput("The JSON contains a zero byte.") }
        var open: [Level] = []
        var index = 0
        while index < json.count {
            let byte = json[index]
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard open.count < StrictJSON.maximumDepth else {
                    throw MalformedInput(code: "too_deep", "The JSON is nested deeper than \(StrictJSON.maximumDepth) levels.")
                }
                open.append(Level(isObject: byte == UInt8(ascii: "{")))
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard let level = open.popLast(), level.isObject == (byte == UInt8(ascii: "}")) else {
                    throw MalformedInput("The JSON's brackets do not match.")
                }
                // Foundation lets this pass; no other reader would.
                guard json[..<index].last(where: { $0 > UInt8(ascii: " ") }) != UInt8(ascii: ",") else {
                    throw MalformedInput("The JSON has a comma before a closing bracket.")
                }
            case UInt8(ascii: ","):
                if !open.isEmpty { open[open.count - 1].expectsKey = open[open.count - 1].isObject }
            case UInt8(ascii: "\""):
                let end = try endOfString(json, from: index)
                if let level = open.last, level.expectsKey {
                    open[open.count - 1].expectsKey = false
                    let key = json[(index + 1)..<end]
                    guard !key.contains(UInt8(ascii: "\\")) else {
                        throw MalformedInput("A key in the JSON is written with escapes.")
                    }
                    guard open[open.count - 1].keys.insert(key).inserted else {
                        throw MalformedInput(
                            code: "repeated_field", "The field “\(String(decoding: key.prefix(64), as: UTF8.self))” is there twice.")
                    }
                }
                index = end
            default: break
            }
            index += 1
        }
        guard open.isEmpty else { throw MalformedInput("The JSON ends too early.") }
    }

    private struct Level {
        let isObject: Bool
        var expectsKey: Bool
        var keys: Set<ArraySlice<UInt8>> = []

        init(isObject: Bool) {
            self.isObject = isObject
            expectsKey = isObject
        }
    }

    private static func endOfString(_ json: [UInt8], from start: Int) throws(MalformedInput) -> Int {
        var index = start + 1
        while index < json.count {
            switch json[index] {
            case UInt8(ascii: "\\"): index += 2
            case UInt8(ascii: "\""): return index
            case 0..<0x20: throw MalformedInput("A text in the JSON contains a raw control character.")
            default: index += 1
            }
        }
        throw MalformedInput("The JSON ends within a string.")
    }
}
