import HTTPTypes
import Leftfold

/// What a request says of its body.
enum ContentHeaders {
    /// Nil where it is not said; so many that nothing holds them where there are too many digits.
    static func declaredLength(_ headers: HTTPFields) -> Int? {
        headers[fields: .contentLength].first?.withUnsafeBytesOfValue { value in
            let digits = value.trimmed
            guard !digits.isEmpty, digits.allSatisfy(Digit.isDecimal) else { return nil }
            guard digits.count < 19 else { return .max }
            return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        }
    }

    static func isChunked(_ headers: HTTPFields) -> Bool { headers.contains(.transferEncoding) }

    /// Whether the body is not compressed: what a few bytes unfold to has no bound.
    static func isPlain(_ headers: HTTPFields) -> Bool {
        headers.all(.contentEncoding).allSatisfy { field in
            field.split(separator: UInt8(ascii: ",")).allSatisfy { $0.trimmed.isEmpty || $0.trimmed.isWord("identity") }
        }
    }

    /// Whether the body is `application/json` in UTF-8. Other parameters are not ours to know.
    static func isJSON(_ headers: HTTPFields) -> Bool {
        let fields = headers[fields: .contentType]
        guard let field = fields.first, fields.count == 1 else { return false }
        return field.withUnsafeBytesOfValue { value in
            value.count <= maximumTypeLength && isJSON(Array(value))
        }
    }

    /// In bytes, of a media type with its parameters.
    private static let maximumTypeLength = 512

    private static func isJSON(_ value: [UInt8]) -> Bool {
        let end = value.firstIndex(of: UInt8(ascii: ";")) ?? value.endIndex
        guard value[..<end].trimmed.isWord("application/json") else { return false }
        var rest = value[end...]
        while true {
            rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ";") }
            guard !rest.isEmpty else { return true }
            let name = rest.prefix(while: isTokenByte)
            guard !name.isEmpty, rest.dropFirst(name.count).first == UInt8(ascii: "=") else { return false }
            guard let (text, length) = parameterValue(rest.dropFirst(name.count + 1)) else { return false }
            if name.isWord("charset"), !text.isWord("utf-8") { return false }
            rest = rest.dropFirst(name.count + 1 + length).drop { $0 == 0x20 || $0 == 0x09 }
            guard rest.isEmpty || rest.first == UInt8(ascii: ";") else { return false }
        }
    }

    /// A token or a quoted string, and how long it is written.
    private static func parameterValue(_ rest: ArraySlice<UInt8>) -> (text: [UInt8], length: Int)? {
        guard rest.first == UInt8(ascii: "\"") else {
            let token = rest.prefix(while: isTokenByte)
            return token.isEmpty ? nil : (Array(token), token.count)
        }
        var text: [UInt8] = []
        var index = rest.startIndex + 1
        while index < rest.endIndex {
            switch rest[index] {
            case UInt8(ascii: "\""): return (text, index + 1 - rest.startIndex)
            case UInt8(ascii: "\\"):
                guard index + 1 < rest.endIndex else { return nil }
                text.append(rest[index + 1])
                index += 2
            case let byte:
                text.append(byte)
                index += 1
            }
        }
        return nil
    }

    /// RFC 9110 §5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
