/// A look at untrusted JSON as a whole: depth, repeated keys, balanced brackets, UTF-8. It does not replace the decoder's own
/// checks; it makes the decoder safe to call.
enum JSONInspection {
    static func inspect(_ json: [UInt8]) throws(MalformedInput) {
        guard String(validating: json, as: UTF8.self) != nil else { throw MalformedInput("The JSON is not UTF-8.") }
        // The decoder would take text with zero bytes for UTF-16 or UTF-32, and read something else than is looked over here.
        guard !json.contains(0) else { throw MalformedInput("The JSON contains a zero byte.") }
        var scanner = JSONScanner(json)
        var open: [Level] = []
        var isAfterComma = false
        while let token = try scanner.next() {
            switch token {
            case .open(let bracket):
                guard open.count < StrictJSON.maximumDepth else {
                    throw MalformedInput(code: "too_deep", "The JSON is nested deeper than \(StrictJSON.maximumDepth) levels.")
                }
                open.append(Level(bracket: bracket, expectsKey: bracket == .object))
            case .close(let bracket):
                guard open.popLast()?.bracket == bracket else { throw MalformedInput("The JSON's brackets do not match.") }
                // Foundation lets this pass; no other reader would.
                guard !isAfterComma else { throw MalformedInput("The JSON has a comma before a closing bracket.") }
            case .comma:
                if !open.isEmpty { open[open.count - 1].expectsKey = open[open.count - 1].bracket == .object }
            case .string(let text):
                if open.last?.expectsKey == true { try open[open.count - 1].take(key: json[text]) }
            case .colon, .scalar: break
            }
            isAfterComma = token == .comma
        }
        guard open.isEmpty else { throw MalformedInput("The JSON ends too early.") }
    }

    private struct Level {
        let bracket: JSONScanner.Bracket
        var expectsKey: Bool
        private var keys: Set<ArraySlice<UInt8>> = []

        init(bracket: JSONScanner.Bracket, expectsKey: Bool) {
            self.bracket = bracket
            self.expectsKey = expectsKey
        }

        mutating func take(key: ArraySlice<UInt8>) throws(MalformedInput) {
            expectsKey = false
            guard !key.contains(UInt8(ascii: "\\")) else { throw MalformedInput("A key in the JSON is written with escapes.") }
            guard keys.insert(key).inserted else {
                throw MalformedInput(
                    code: "repeated_field", "The field “\(String(decoding: key.prefix(64), as: UTF8.self))” is there twice.")
            }
        }
    }
}
