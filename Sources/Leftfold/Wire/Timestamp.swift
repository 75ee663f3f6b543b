package import Foundation

/// Times as JSON has them: ISO 8601 in UTC with milliseconds, such as `2026-11-25T23:37:44.123Z`.
///
/// A time is rounded to its millisecond, so that reading it and writing it again gives the same text. The calendar is the
/// Gregorian one, also before 1582, as ISO 8601 and PostgreSQL have it; Foundation's formatters change to the Julian one.
package enum Timestamp {
    package static func text(_ date: Date) -> String {
        let milliseconds = (date.timeIntervalSince1970 * 1000).rounded()
        // Years of other than four digits are left to Foundation: nobody is in a hurry there.
        guard (-62_135_596_800_000..<253_402_300_800_000).contains(milliseconds) else { return date.formatted(format) }
        let (days, time) = Int64(milliseconds).floored(by: 86_400_000)
        let (year, month, day) = civil(from: days)
        return String(unsafeUninitializedCapacity: 24) { text in
            func put(_ number: Int64, _ digits: Int, at start: Int) {
                var rest = number
                for index in (start..<start + digits).reversed() {
                    text[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                }
            }
            put(year, 4, at: 0)
            put(month, 2, at: 5)
            put(day, 2, at: 8)
            put(time / 3_600_000, 2, at: 11)
            put(time / 60_000 % 60, 2, at: 14)
            put(time / 1000 % 60, 2, at: 17)
            put(time % 1000, 3, at: 20)
            for (index, mark) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "."), (23, "Z")] as [(Int, Unicode.Scalar)] {
                text[index] = UInt8(ascii: mark)
            }
            return 24
        }
    }

    static let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// The Gregorian date of a day since 1970, by the 400-year cycle that begins on the first of March of the year 0.
    private static func civil(from days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (days + 719_468).floored(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

extension Int64 {
    func floored(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
