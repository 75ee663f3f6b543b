import Leftfold

/// RFC 3986 §2.1, on bytes.
enum PercentEncoding {
    /// Nil for an escape that is none, and for what is not UTF-8.
    static func decode(_ text: some Collection<UInt8>, plusIsSpace: Bool = false) -> String? {
        bytes(of: text, plusIsSpace: plusIsSpace).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// Nil for an escape that is none.
    static func bytes(of text: some Collection<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(Digit.hexadecimal), let low = rest.popFirst().flatMap(Digit.hexadecimal)
                else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
        return bytes
    }

    /// As one segment of a path.
    static func encode(segment: some StringProtocol) -> String {
        var text: [UInt8] = []
        for byte in segment.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.append(byte)
            default:
                let digits = String(byte, radix: 16, uppercase: true).utf8
                text.append(UInt8(ascii: "%"))
                if digits.count == 1 { text.append(UInt8(ascii: "0")) }
                text += digits
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
