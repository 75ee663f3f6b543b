import Foundation

/// A small JSON object of texts, numbers and words, read in place: where its members are, and what they mean. Nothing is decoded that
/// nobody asks for.
///
/// It takes nothing on itself that it is not sure of. Escapes, nesting, keys that are there twice, numbers that another reader might round
/// differently: then there is no object, or ``isUnsure`` tells that what was read of it does not count.
final class FlatObject {
    struct Member {
        enum Kind: UInt8 { case text, number, yes, no, null }

        /// Between the quotes.
        let key: Range<Int>
        /// Between the quotes of a text.
        let value: Range<Int>
        let kind: Kind
    }

    let json: [UInt8]
    let members: [Member]
    /// Whether something was asked for that it has no sure answer to, even if whoever asked went on without it.
    private(set) var isUnsure = false
    /// Members are mostly asked for in some order, and so the next one is tried first.
    private var next = 0

    /// Nil where the JSON is anything else.
    init?(_ json: [UInt8]) {
        var scanner = FlatScanner()
        guard json.withUnsafeBufferPointer({ scanner.scan($0) }) else { return nil }
        if scanner.isWide, String(validating: json, as: UTF8.self) == nil { return nil }
        self.json = json
        members = scanner.members
    }

    struct Unsure: Error {}

    func unsure() -> Unsure {
        isUnsure = true
        return Unsure()
    }

    // MARK: Members

    func member(_ key: some CodingKey) -> Member? {
        var name = key.stringValue
        return name.withUTF8 { name in
            if next < members.count, isKey(of: members[next], name) {
                next += 1
                return members[next - 1]
            }
            for (index, member) in members.enumerated() where isKey(of: member, name) {
                next = index + 1
                return member
            }
            // Only texts of ASCII are equal just when their bytes are.
            if name.contains(where: { $0 >= 0x80 }) { isUnsure = true }
            return nil
        }
    }

    private func isKey(of member: Member, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        guard member.key.count == name.count else { return false }
        var index = member.key.lowerBound
        for byte in name {
            if json[index] != byte { return false }
            index += 1
        }
        return true
    }

    func name(of member: Member) -> String { String(decoding: json[member.key], as: UTF8.self) }

    // MARK: Values

    func text(_ member: Member) throws(Unsure) -> String {
        guard member.kind == .text else { throw unsure() }
        return json.withUnsafeBufferPointer { String(decoding: UnsafeBufferPointer(rebasing: $0[member.value]), as: UTF8.self) }
    }

    func word(_ member: Member) throws(Unsure) -> Bool {
        switch member.kind {
        case .yes: return true
        case .no: return false
        default: throw unsure()
        }
    }

    /// A whole number of eighteen digits at most, written plainly.
    func integer(_ member: Member) throws(Unsure) -> Int64 {
        guard member.kind == .number, member.value.count <= 18 else { throw unsure() }
        let isNegative = json[member.value.lowerBound] == UInt8(ascii: "-")
        var number: Int64 = 0
        for byte in json[member.value].dropFirst(isNegative ? 1 : 0) {
            guard Digit.isDecimal(byte) else { throw unsure() }
            number = number * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return isNegative ? -number : number
    }

    func integer<T: FixedWidthInteger>(_ type: T.Type, _ member: Member) throws(Unsure) -> T {
        guard let number = T(exactly: try integer(member)) else { throw unsure() }
        return number
    }

    /// Fifteen digits at most, without an exponent: digits and power of ten are exact, and so their quotient is the nearest number.
    func double(_ member: Member) throws(Unsure) -> Double {
        guard member.kind == .number, member.value.count <= 17 else { throw unsure() }
        let isNegative = json[member.value.lowerBound] == UInt8(ascii: "-")
        var (digits, count, power): (Int64, Int, Double) = (0, 0, 1)
        var isFraction = false
        for byte in json[member.value].dropFirst(isNegative ? 1 : 0) {
            if byte == UInt8(ascii: ".") {
                isFraction = true
                continue
            }
            guard Digit.isDecimal(byte) else { throw unsure() }
            digits = digits * 10 + Int64(byte - UInt8(ascii: "0"))
            count += 1
            if isFraction { power *= 10 }
        }
        // Minus nothing is left to Foundation.
        guard count <= 15, digits > 0 || !isNegative else { throw unsure() }
        let value = Double(digits) / power
        return isNegative ? -value : value
    }

    /// The usual spelling, in either case.
    func uuid(_ member: Member) throws(Unsure) -> UUID {
        guard member.kind == .text, member.value.count == 36 else { throw unsure() }
        var id: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        let isOne = json.withUnsafeBufferPointer { json in
            withUnsafeMutableBytes(of: &id) { id in
                var (index, count) = (member.value.lowerBound, 0)
                while index < member.value.upperBound {
                    if count == 4 || count == 6 || count == 8 || count == 10, json[index] == UInt8(ascii: "-"),
                        index - member.value.lowerBound == count * 2 + (count - 4) / 2
                    {
                        index += 1
                        continue
                    }
                    guard count < 16, index + 1 < member.value.upperBound, let high = Digit.hexadecimal(json[index]),
                        let low = Digit.hexadecimal(json[index + 1])
                    else { return false }
                    id[count] = UInt8(high) << 4 | UInt8(low)
                    count += 1
                    index += 2
                }
                return count == 16
            }
        }
        guard isOne else { throw unsure() }
        return UUID(uuid: id)
    }
}
