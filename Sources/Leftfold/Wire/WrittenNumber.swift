/// A number as JSON writes it.
enum WrittenNumber {
    /// Whether it is no integer, but the nearest `Double` is one: decoders, which go by way of it, would make an integer of it.
    ///
    /// - Parameter text: well-formed, with a fraction or an exponent.
    static func isRounded(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard let double = Double(String(decoding: text, as: UTF8.self)), double == double.rounded() else { return false }
        return !isInteger(text)
    }

    /// By its digits.
    private static func isInteger(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let parts = text.split(maxSplits: 1) { $0 | 0x20 == UInt8(ascii: "e") }
        let mantissa = parts[0]
        // Of digits that do not fit, only the sign matters.
        let exponent =
            parts.count == 2
            ? Int(String(decoding: parts[1], as: UTF8.self)) ?? (parts[1].first == UInt8(ascii: "-") ? .min / 2 : .max / 2) : 0
        let fraction = mantissa.firstIndex(of: UInt8(ascii: ".")).map { mantissa.endIndex - $0 - 1 } ?? 0
        let digits = mantissa.filter(Digit.isDecimal)
        let zeros = digits.reversed().prefix { $0 == UInt8(ascii: "0") }.count
        return zeros == digits.count || fraction - zeros <= exponent
    }
}

/// ASCII digits.
package enum Digit {
    package static func isDecimal(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    package static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
