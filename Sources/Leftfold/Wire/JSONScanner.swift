/// One pass over JSON, without decoding it and without recursion: where its parts are. Whether numbers and words are well
/// formed is the decoder's affair; this makes the decoder safe to call, and lets bytes go through untouched.
package struct JSONScanner {
    package enum Token: Equatable {
        case open(Bracket)
        case close(Bracket)
        case comma
        case colon
        /// What is between the quotes.
        case string(Range<Int>)
        /// A number, a word, or nonsense.
        case scalar(Range<Int>)
    }

    package enum Bracket { case object, array }

    /// A member of an object.
    package struct Member {
        /// Between the quotes.
        package let key: Range<Int>
        package let value: Range<Int>
    }

    private let json: [UInt8]
    /// Behind the last token.
    package private(set) var index = 0
    /// Where the last token began.
    private var start = 0

    package init(_ json: [UInt8]) { self.json = json }

    /// The next token; nil at the end.
    package mutating func next() throws(MalformedInput) -> Token? {
        while index < json.count, Self.isBlank(json[index]) { index += 1 }
        guard index < json.count else { return nil }
        start = index
        index += 1
        switch json[start] {
        case UInt8(ascii: "{"): return .open(.object)
        case UInt8(ascii: "["): return .open(.array)
        case UInt8(ascii: "}"): return .close(.object)
        case UInt8(ascii: "]"): return .close(.array)
        case UInt8(ascii: ","): return .comma
        case UInt8(ascii: ":"): return .colon
        case UInt8(ascii: "\""): return .string(try string())
        default:
            while index < json.count, !Self.endsScalar(json[index]) { index += 1 }
            return .scalar(start..<index)
        }
    }

    private mutating func string() throws(MalformedInput) -> Range<Int> {
        while index < json.count {
            switch json[index] {
            case UInt8(ascii: "\\"): index += 2
            case UInt8(ascii: "\""):
                index += 1
                return start + 1..<index - 1
            case 0..<0x20: throw MalformedInput("A text in the JSON contains a raw control character.")
            default: index += 1
            }
        }
        throw MalformedInput("The JSON ends within a string.")
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
            UInt8(ascii: "}"):
            true
        default: false
        }
    }
}

extension JSONScanner {
    /// The members of the object that the JSON begins with. Throws where it is none.
    package static func members(of json: [UInt8]) throws(MalformedInput) -> [Member] {
        var scanner = JSONScanner(json)
        var members: [Member] = []
        guard try scanner.next() == .open(.object) else { throw noObject }
        var token = try scanner.next()
        if token == .close(.object) { return members }
        while true {
            guard case .string(let key)? = token, try scanner.next() == .colon else { throw noObject }
            members.append(Member(key: key, value: try scanner.value()))
            switch try scanner.next() {
            case .comma: token = try scanner.next()
            case .close(.object): return members
            default: throw noObject
            }
        }
    }

    /// Moves past a value; where it was.
    private mutating func value() throws(MalformedInput) -> Range<Int> {
        var depth = 0
        var first: Int?
        repeat {
            guard let token = try next() else { throw MalformedInput("The JSON ends too early.") }
            if first == nil { first = start }
            switch token {
            case .open: depth += 1
            case .close: depth -= 1
            case .comma where depth == 0, .colon where depth == 0: throw Self.noObject
            case .comma, .colon, .string, .scalar: break
            }
            guard depth >= 0 else { throw Self.noObject }
        } while depth > 0
        return (first ?? index)..<index
    }

    private static var noObject: MalformedInput { MalformedInput("This is not a JSON object.") }
}
