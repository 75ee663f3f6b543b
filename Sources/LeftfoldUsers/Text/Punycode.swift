/// RFC 3492, the way back: what an internationalised label of a domain says behind its `xn--`.
///
/// Strict: each text has one code but for the case of ASCII letters, and what is the code of no text, or of one that is all ASCII, is nil.
enum Punycode {
    /// Labels have at most 63 bytes, four of which are `xn--`. Longer ones are refused unread.
    static let maximumBytes = 59

    static func decode(_ code: Substring.UTF8View) -> String? {
        guard code.count <= maximumBytes else { return nil }
        var scalars: [Unicode.Scalar] = []
        var digits = code[...]
        if let delimiter = code.lastIndex(of: UInt8(ascii: "-")) {
            // Without ASCII letters there is no delimiter either.
            guard delimiter > code.startIndex, code[..<delimiter].allSatisfy({ $0 < 0x80 }) else { return nil }
            scalars = code[..<delimiter].map { Unicode.Scalar($0) }
            digits = code[code.index(after: delimiter)...]
        }
        guard !digits.isEmpty else { return nil }

        var (scalar, index, bias, isFirst) = (128, 0, 72, true)
        while !digits.isEmpty {
            guard let delta = delta(&digits, bias) else { return nil }
            let count = scalars.count + 1
            bias = adapted(delta, count, isFirst)
            isFirst = false
            index += delta
            scalar += index / count
            index %= count
            guard let value = UInt32(exactly: scalar), let new = Unicode.Scalar(value) else { return nil }
            scalars.insert(new, at: index)
            index += 1
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// The next number (section 3.3).
    private static func delta(_ digits: inout Substring.UTF8View.SubSequence, _ bias: Int) -> Int? {
        var (delta, weight, position) = (0, 1, 36)
        while let digit = digits.popFirst().flatMap(value) {
            delta += digit * weight
            // No sum of such numbers overflows, and more than all of Unicode times the longest label is an error anyway.
            guard delta < 1 << 31 else { return nil }
            let threshold = min(max(position - bias, 1), 26)
            if digit < threshold { return delta }
            weight *= 36 - threshold
            guard weight < 1 << 31 else { return nil }
            position += 36
        }
        return nil
    }

    private static func value(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(byte - UInt8(ascii: "a"))
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0")) + 26
        default: nil
        }
    }

    /// The bias for the next number (section 3.4).
    private static func adapted(_ delta: Int, _ count: Int, _ isFirst: Bool) -> Int {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / count
        var position = 0
        while delta > 455 {
            delta /= 35
            position += 36
        }
        return position + 36 * delta / (delta + 38)
    }
}
