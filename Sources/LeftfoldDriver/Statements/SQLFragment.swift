extension SQL {
    /// The text with every placeholder moved up by an offset. Placeholders inside quotes, quoted identifiers, dollar quotes and comments
    /// are text and stay as they are.
    func textNumbered(from offset: Int) -> String {
        guard offset > 0, !parameters.isEmpty else { return text }
        let input = Array(text.utf8)
        var output: [UInt8] = []
        output.reserveCapacity(input.count + parameters.count)
        var index = 0
        while index < input.count {
            if let end = SQL.endOfQuoted(input, index) {
                output += input[index..<end]
                index = end
                continue
            }
            let byte = input[index]
            output.append(byte)
            index += 1
            guard byte == UInt8(ascii: "$") else { continue }
            var number = 0
            var digits = 0
            while index < input.count, (0x30...0x39).contains(input[index]), digits < 6 {
                number = number * 10 + Int(input[index] - 0x30)
                digits += 1
                index += 1
            }
            if digits > 0 { output += Array(String(number + offset).utf8) }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// If something quoted begins here: where it ends.
    private static func endOfQuoted(_ input: [UInt8], _ start: Int) -> Int? {
        func end(of terminator: [UInt8], from: Int) -> Int {
            var index = from
            while index + terminator.count <= input.count {
                if input[index..<index + terminator.count].elementsEqual(terminator) { return index + terminator.count }
                index += 1
            }
            return input.count
        }
        let next = start + 1 < input.count ? input[start + 1] : 0
        switch input[start] {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return end(of: [input[start]], from: start + 1)
        case UInt8(ascii: "-") where next == UInt8(ascii: "-"): return end(of: [UInt8(ascii: "\n")], from: start + 2)
        case UInt8(ascii: "/") where next == UInt8(ascii: "*"): return end(of: Array("*/".utf8), from: start + 2)
        case UInt8(ascii: "$"):
            guard !(0x30...0x39).contains(next), let close = input[(start + 1)...].firstIndex(of: UInt8(ascii: "$")) else { return nil }
            let tag = Array(input[start...close])
            guard
                tag.dropFirst().dropLast().allSatisfy({
                    $0 == 0x5F || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || (0x30...0x39).contains($0)
                })
            else { return nil }
            return end(of: tag, from: close + 1)
        default: return nil
        }
    }
}
