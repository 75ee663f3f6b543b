package import Foundation

extension Timestamp {
    /// Any ISO 8601 time with a zone, to the millisecond. Nil for what is none.
    package static func date(_ text: String) -> Date? {
        var fields = Fields(rest: text.utf8[...])
        guard let year = fields.number(4), fields.take("-") else { return otherYear(text) }
        guard let month = fields.number(2), fields.take("-"), let day = fields.number(2), fields.take("T"),
            (1...12).contains(month), (1...days(in: month, of: year)).contains(day),
            let hour = fields.number(2), fields.take(":"), let minute = fields.number(2), fields.take(":"), let second = fields.number(2),
            hour < 24, minute < 60, second < 60, let fraction = fields.milliseconds(), let offset = fields.offset(), fields.rest.isEmpty
        else { return nil }
        let seconds = dayNumber(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        return Date(timeIntervalSince1970: Double(seconds * 1000 + fraction) / 1000)
    }

    /// Years of other than four digits are left to Foundation, as in writing.
    private static func otherYear(_ text: String) -> Date? {
        guard let first = text.utf8.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") || text.utf8.count > 24,
            let date = try? format.parse(text)
        else { return nil }
        return Date(timeIntervalSince1970: (date.timeIntervalSince1970 * 1000).rounded() / 1000)
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Since 1970: the inverse of `civil(from:)`.
    private static func dayNumber(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let (era, yearOfEra) = (month <= 2 ? year - 1 : year).floored(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// What is left of a time to be read.
    private struct Fields {
        var rest: Substring.UTF8View

        mutating func take(_ mark: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: mark) else { return false }
            rest.removeFirst()
            return true
        }

        mutating func number(_ digits: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<digits {
                guard let digit = rest.first.map({ Int64($0) - 0x30 }), (0...9).contains(digit) else { return nil }
                value = value * 10 + digit
                rest.removeFirst()
            }
            return value
        }

        /// Of a fraction of a second, rounded; 0 without one.
        mutating func milliseconds() -> Int64? {
            guard take(".") || take(",") else { return 0 }
            let count = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
            guard (1...15).contains(count), let digits = number(count) else { return nil }
            return Int64((Double(digits) * 1000 / pow(10, Double(count))).rounded())
        }

        /// Of the zone, in seconds.
        mutating func offset() -> Int64? {
            if take("Z") { return 0 }
            let isEast = take("+")
            guard isEast || take("-"), let hours = number(2), hours < 24 else { return nil }
            if rest.isEmpty { return (isEast ? 1 : -1) * hours * 3600 }
            _ = take(":")
            guard let minutes = number(2), minutes < 60 else { return nil }
            return (isEast ? 1 : -1) * (hours * 3600 + minutes * 60)
        }
    }
}
