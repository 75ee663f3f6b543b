import Leftfold

/// Digits and nothing else: no plus, no blanks, no zeros in front, no fraction. `+5`, `0001`, `-0` and `1e3` are none.
enum WholeNumber {
    static func parse(_ text: some Collection<UInt8>, negative: Bool = false) -> Int64? {
        var digits = text[...]
        let isNegative = negative && digits.first == UInt8(ascii: "-")
        if isNegative { digits = digits.dropFirst() }
        guard let first = digits.first, first != UInt8(ascii: "0") || digits.count == 1 && !isNegative else { return nil }
        var number: Int64 = 0
        for digit in digits {
            guard Digit.isDecimal(digit) else { return nil }
            let value = Int64(digit - UInt8(ascii: "0"))
            let (shifted, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (next, overflows) = isNegative ? shifted.subtractingReportingOverflow(value) : shifted.addingReportingOverflow(value)
            guard !isTooLarge, !overflows else { return nil }
            number = next
        }
        return number
    }
}
