/// The pass of ``InspectedJSON``. Without recursion: depth costs no stack.
struct JSONInspection {
    private let json: UnsafeBufferPointer<UInt8>
    private var index = 0
    private var values = 0
    private var open: [Level] = []
    private(set) var outermost: Level?
    private(set) var inexact: [Range<Int>] = []

    /// A container that is not closed yet.
    struct Level {
        let isObject: Bool
        /// Behind its bracket.
        let start: Int
        private(set) var keys: [Range<Int>] = []
        private var known: Set<ArraySlice<UInt8>> = []

        init(isObject: Bool, start: Int) { (self.isObject, self.start) = (isObject, start) }

        /// Few keys are compared one by one; of many, a set is made.
        mutating func take(_ key: Range<Int>, of json: UnsafeBufferPointer<UInt8>) -> Bool {
            defer { keys.append(key) }
            if keys.count < 16 { return !keys.contains { $0.count == key.count && json[$0].elementsEqual(json[key]) } }
            if keys.count == 16 { known = Set(keys.map { ArraySlice(json[$0]) }) }
            return known.insert(ArraySlice(json[key])).inserted
        }
    }

    private enum Expectation { case value, valueOrEnd, key, keyOrEnd, commaOrEnd, nothing }

    init(_ json: UnsafeBufferPointer<UInt8>) { self.json = json }

    mutating func run() throws(MalformedInput) {
        var expected = Expectation.value
        while let byte = nextByte() {
            switch expected {
            case .value, .valueOrEnd:
                if byte == UInt8(ascii: "]"), expected == .valueOrEnd { expected = close() } else { expected = try value(byte) }
            case .key, .keyOrEnd:
                if byte == UInt8(ascii: "}"), expected == .keyOrEnd { expected = close() } else { expected = try key(byte) }
            case .commaOrEnd:
                guard let level = open.last else { throw malformed("The JSON's brackets do not match.") }
                switch byte {
                case UInt8(ascii: ","):
                    index += 1
                    expected = level.isObject ? .key : .value
                case level.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"): expected = close()
                default: throw malformed("The JSON has neither a comma nor the end of an object or array behind a value.")
                }
            case .nothing: throw malformed("Something follows the JSON.")
            }
        }
        guard expected == .nothing else { throw malformed("The JSON ends too early.") }
    }

    /// The next that is no white space.
    private mutating func nextByte() -> UInt8? {
        while index < json.count {
            switch json[index] {
            case 0x20, 0x0A, 0x0D, 0x09: index += 1
            case let byte: return byte
            }
        }
        return nil
    }

    // MARK: Parts

    private mutating func value(_ byte: UInt8) throws(MalformedInput) -> Expectation {
        values += 1
        guard values <= StrictJSON.maximumValues else {
            throw malformed("The JSON has more than \(StrictJSON.maximumValues) values.", code: "too_many_values")
        }
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard open.count < StrictJSON.maximumDepth else {
                throw malformed("The JSON is nested deeper than \(StrictJSON.maximumDepth) levels.", code: "too_deep")
            }
            index += 1
            open.append(Level(isObject: byte == UInt8(ascii: "{"), start: index))
            return byte == UInt8(ascii: "{") ? .keyOrEnd : .valueOrEnd
        case UInt8(ascii: "\""): _ = try text()
        case UInt8(ascii: "t"): try word("true")
        case UInt8(ascii: "f"): try word("false")
        case UInt8(ascii: "n"): try word("null")
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
        default: throw malformed("The JSON has something else where a value should be.")
        }
        return open.isEmpty ? .nothing : .commaOrEnd
    }

    private mutating func close() -> Expectation {
        index += 1
        let level = open.removeLast()
        guard open.isEmpty else { return .commaOrEnd }
        if level.isObject { outermost = level }
        return .nothing
    }

    private mutating func key(_ byte: UInt8) throws(MalformedInput) -> Expectation {
        guard byte == UInt8(ascii: "\"") else { throw malformed("The JSON has something else where a key should be.") }
        let (key, hasEscapes) = try text(atMost: StrictJSON.maximumKeyLength)
        // Decoders take keys for equal that differ in escapes only.
        guard !hasEscapes else { throw malformed("A key in the JSON is written with escapes.") }
        guard open[open.count - 1].take(key, of: json) else { throw .repeatedField(json[key]) }
        guard nextByte() == UInt8(ascii: ":") else { throw malformed("The JSON has no colon behind a key.") }
        index += 1
        return .value
    }

    private mutating func word(_ word: StaticString) throws(MalformedInput) {
        let end = index + word.utf8CodeUnitCount
        guard end <= json.count, word.withUTF8Buffer({ $0.elementsEqual(json[index..<end]) }) else {
            throw malformed("The JSON has something else where a value should be.")
        }
        index = end
    }

    // MARK: Texts

    /// Between the quotes, and whether there are escapes in it.
    ///
    /// - Parameter maximum: in bytes, of a key.
    private mutating func text(atMost maximum: Int = .max) throws(MalformedInput) -> (Range<Int>, hasEscapes: Bool) {
        index += 1
        let start = index
        var hasEscapes = false
        var marks = 0
        while index < json.count {
            let byte = json[index]
            guard index - start < maximum || byte == UInt8(ascii: "\"") else {
                throw malformed("A field of the JSON has a name longer than \(maximum) bytes.", code: "unknown_field")
            }
            let scalar: UInt32
            switch byte {
            case UInt8(ascii: "\""):
                index += 1
                return (start..<index - 1, hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                scalar = try escape()
            case 0..<0x20: throw malformed("A text in the JSON contains a raw control character.")
            case 0x20..<0x80:
                index += 1
                marks = 0
                continue
            default: scalar = try character()
            }
            marks = CombiningMark.isOne(scalar) ? marks + 1 : 0
            guard marks <= CombiningMark.maximumInARow else {
                throw malformed(
                    "A text in the JSON has more than \(CombiningMark.maximumInARow) combining marks in a row.", code: "too_many_marks")
            }
        }
        throw malformed("The JSON ends within a text.")
    }

    private mutating func escape() throws(MalformedInput) -> UInt32 {
        guard index + 1 < json.count else { throw malformed("The JSON ends within a text.") }
        switch json[index + 1] {
        case UInt8(ascii: "u"):
            let unit = try hexadecimal()
            guard 0xD800..<0xE000 ~= unit else { return unit }
            guard unit < 0xDC00, index + 1 < json.count, json[index] == UInt8(ascii: "\\"), json[index + 1] == UInt8(ascii: "u")
            else { throw malformed("A text in the JSON has half of a character.") }
            let second = try hexadecimal()
            guard 0xDC00..<0xE000 ~= second else { throw malformed("A text in the JSON has half of a character.") }
            return 0x10000 + (unit - 0xD800) << 10 + (second - 0xDC00)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
            UInt8(ascii: "r"), UInt8(ascii: "t"):
            index += 2
            return 0
        default: throw malformed("A text in the JSON has an escape that does not exist.")
        }
    }

    /// The four digits of `\u0000`.
    private mutating func hexadecimal() throws(MalformedInput) -> UInt32 {
        guard index + 6 <= json.count else { throw malformed("The JSON ends within a text.") }
        var unit: UInt32 = 0
        for digit in json[index + 2..<index + 6] {
            guard let value = Digit.hexadecimal(digit) else { throw malformed("A text in the JSON has an escape that does not exist.") }
            unit = unit << 4 | UInt32(value)
        }
        index += 6
        return unit
    }

    /// The scalar of several bytes that begins here.
    private mutating func character() throws(MalformedInput) -> UInt32 {
        let first = json[index]
        // The length, and the smallest scalar that needs it.
        let (length, smallest): (Int, UInt32)
        switch first {
        case 0xC2...0xDF: (length, smallest) = (2, 0x80)
        case 0xE0...0xEF: (length, smallest) = (3, 0x800)
        case 0xF0...0xF4: (length, smallest) = (4, 0x10000)
        default: throw malformed("The JSON is not UTF-8.")
        }
        guard index + length <= json.count else { throw malformed("The JSON is not UTF-8.") }
        var scalar = UInt32(first) & (0x7F >> UInt32(length))
        for byte in json[index + 1..<index + length] {
            guard byte & 0xC0 == 0x80 else { throw malformed("The JSON is not UTF-8.") }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        guard scalar >= smallest, scalar <= 0x10FFFF, !(0xD800..<0xE000 ~= scalar) else { throw malformed("The JSON is not UTF-8.") }
        index += length
        return scalar
    }

    // MARK: Numbers

    private mutating func number() throws(MalformedInput) {
        let start = index
        if json[index] == UInt8(ascii: "-") { index += 1 }
        let whole = digits()
        guard whole == 1 || whole > 1 && json[index - whole] != UInt8(ascii: "0") else { throw malformed("A number in the JSON is none.") }
        var isWritten = true
        if index < json.count, json[index] == UInt8(ascii: ".") {
            index += 1
            isWritten = false
            guard digits() > 0 else { throw malformed("A number in the JSON is none.") }
        }
        if index < json.count, json[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            isWritten = false
            if index < json.count, json[index] == UInt8(ascii: "+") || json[index] == UInt8(ascii: "-") { index += 1 }
            guard digits() > 0 else { throw malformed("A number in the JSON is none.") }
        }
        guard index - start <= StrictJSON.maximumNumberLength else {
            throw malformed("A number in the JSON is longer than \(StrictJSON.maximumNumberLength) digits.", code: "wrong_type")
        }
        if !isWritten, WrittenNumber.isRounded(json[start..<index]) { inexact.append(start..<index) }
    }

    private mutating func digits() -> Int {
        let start = index
        while index < json.count, Digit.isDecimal(json[index]) { index += 1 }
        return index - start
    }

    private func malformed(_ message: String, code: String = "malformed_json") -> MalformedInput { MalformedInput(code: code, message) }
}

extension MalformedInput {
    static func repeatedField(_ key: some Collection<UInt8>) -> MalformedInput {
        MalformedInput(code: "repeated_field", "\(NameInMessage.the("field", key)) is there twice.")
    }
}
