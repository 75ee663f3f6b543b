/// One pass over the bytes of a flat JSON object. It takes less than the grammar allows, and nothing more.
struct FlatScanner {
    private(set) var members: [FlatObject.Member] = []
    /// Whether there is anything but ASCII in a text.
    private(set) var isWide = false
    private var index = 0

    /// Looking for keys one by one is only cheap in a few.
    static let maximumMembers = 32

    /// Whether these are the bytes of a flat object and nothing else.
    mutating func scan(_ json: UnsafeBufferPointer<UInt8>) -> Bool {
        guard take(UInt8(ascii: "{"), json) else { return false }
        if !take(UInt8(ascii: "}"), json) {
            members.reserveCapacity(8)
            repeat {
                guard members.count < Self.maximumMembers, take(UInt8(ascii: "\""), json), let (key, isASCII) = text(json),
                    isASCII, isNew(key, json), take(UInt8(ascii: ":"), json), let (kind, value) = value(json)
                else { return false }
                members.append(FlatObject.Member(key: key, value: value, kind: kind))
            } while take(UInt8(ascii: ","), json)
            guard take(UInt8(ascii: "}"), json) else { return false }
        }
        skipBlanks(json)
        return index == json.count
    }

    private mutating func skipBlanks(_ json: UnsafeBufferPointer<UInt8>) {
        while index < json.count {
            switch json[index] {
            case 0x20, 0x0A, 0x0D, 0x09: index += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8, _ json: UnsafeBufferPointer<UInt8>) -> Bool {
        skipBlanks(json)
        guard index < json.count, json[index] == byte else { return false }
        index += 1
        return true
    }

    private func isNew(_ key: Range<Int>, _ json: UnsafeBufferPointer<UInt8>) -> Bool {
        !members.contains { member in
            member.key.count == key.count && zip(member.key, key).allSatisfy { json[$0] == json[$1] }
        }
    }

    /// Up to the closing quote.
    private mutating func text(_ json: UnsafeBufferPointer<UInt8>) -> (Range<Int>, isASCII: Bool)? {
        let start = index
        var isASCII = true
        while index < json.count {
            switch json[index] {
            case UInt8(ascii: "\""):
                index += 1
                return (start..<index - 1, isASCII)
            case UInt8(ascii: "\\"), 0..<0x20: return nil
            case 0x80...: isASCII = false
            default: break
            }
            index += 1
        }
        return nil
    }

    private mutating func value(_ json: UnsafeBufferPointer<UInt8>) -> (FlatObject.Member.Kind, Range<Int>)? {
        skipBlanks(json)
        guard index < json.count else { return nil }
        switch json[index] {
        case UInt8(ascii: "\""):
            index += 1
            guard let (range, isASCII) = text(json) else { return nil }
            if !isASCII { isWide = true }
            return (.text, range)
        case UInt8(ascii: "t"): return word("true", json).map { (.yes, $0) }
        case UInt8(ascii: "f"): return word("false", json).map { (.no, $0) }
        case UInt8(ascii: "n"): return word("null", json).map { (.null, $0) }
        default: return number(json).map { (.number, $0) }
        }
    }

    private mutating func word(_ word: StaticString, _ json: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        let range = index..<index + word.utf8CodeUnitCount
        guard range.upperBound <= json.count, word.withUTF8Buffer({ $0.elementsEqual(json[range]) }) else { return nil }
        index = range.upperBound
        return range
    }

    private mutating func number(_ json: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        let start = index
        if json[index] == UInt8(ascii: "-") { index += 1 }
        let whole = index
        guard digits(json) > 0, index - whole == 1 || json[whole] != UInt8(ascii: "0") else { return nil }
        if index < json.count, json[index] == UInt8(ascii: ".") {
            index += 1
            guard digits(json) > 0 else { return nil }
        }
        if index < json.count, json[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < json.count, json[index] == UInt8(ascii: "+") || json[index] == UInt8(ascii: "-") { index += 1 }
            guard digits(json) > 0 else { return nil }
        }
        return start..<index
    }

    private mutating func digits(_ json: UnsafeBufferPointer<UInt8>) -> Int {
        let start = index
        while index < json.count, Digit.isDecimal(json[index]) { index += 1 }
        return index - start
    }
}
