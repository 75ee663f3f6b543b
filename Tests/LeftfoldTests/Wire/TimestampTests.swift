import Foundation
import Leftfold
import LeftfoldTesting
import Testing

@Suite("A time in JSON")
struct TimestampTests {
    private static let foundation = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// From the year 1 to the year 9999, and near the beginning of the era, of days and of leap years.
    private static func milliseconds(_ random: inout SeededGenerator) -> Int64 {
        let day: Int64 = 86_400_000
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return .random(in: -62_135_596_800_000..<253_402_300_800_000, using: &random)
        case 1: return .random(in: 0..<4_102_444_800_000, using: &random)
        case 2: return Int64.random(in: -700_000...2_900_000, using: &random) * day + .random(in: -1...1, using: &random)
        default: return .random(in: -2000...2000, using: &random)
        }
    }

    @Test("is written as Foundation writes it, and read as Foundation reads it", arguments: SeededGenerator.seeds(2))
    func foundation(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let milliseconds = Self.milliseconds(&random)
            // Before October 15, 1582, Foundation has another calendar.
            guard (-12_219_292_800_000..<253_402_300_800_000).contains(milliseconds) else { continue }
            // A quarter of a millisecond more than it says, so that Foundation, which cuts off, finds the millisecond.
            let exact = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            let safe = Date(timeIntervalSince1970: (Double(milliseconds) + 0.25) / 1000)
            let text = Timestamp.text(exact)
            #expect(text == safe.formatted(Self.foundation), "\(milliseconds)")
            let read = try Self.foundation.parse(text)
            #expect(abs((Timestamp.date(text) ?? .distantPast).timeIntervalSince(read)) < 0.0005, "\(text)")
        }
    }

    @Test("that is read and written again is the same text, and the same time", arguments: SeededGenerator.seeds(2))
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let date = Date(timeIntervalSince1970: Double(Self.milliseconds(&random)) / 1000)
            let text = Timestamp.text(date)
            let read = try #require(Timestamp.date(text), "\(text)")
            #expect(Timestamp.text(read) == text)
            #expect(read == date, "\(text)")
        }
    }

    @Test("is rounded to its millisecond, never cut off")
    func rounded() {
        #expect(Timestamp.text(Date(timeIntervalSince1970: 0.0004)) == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp.text(Date(timeIntervalSince1970: 0.0006)) == "1970-01-01T00:00:00.001Z")
        #expect(Timestamp.text(Date(timeIntervalSince1970: 1_750_000_000.9996)) == "2025-06-15T15:06:41.000Z")
        #expect(Timestamp.text(Date(timeIntervalSince1970: -0.0006)) == "1969-12-31T23:59:59.999Z")
    }

    @Test(
        "may come in any zone, with or without a fraction",
        arguments: [
            "2025-06-15T15:06:40Z", "2025-06-15T15:06:40.000Z", "2025-06-15T17:06:40+02:00", "2025-06-15T17:06:40.000+02:00",
            "2025-06-15T10:36:40-04:30", "2025-06-15T17:06:40+0200", "2025-06-15T17:06:40+02", "2025-06-15T15:06:39.9996Z",
            "2025-06-15T15:06:40.000000001Z", "2025-06-15T15:06:40,0Z",
        ])
    func zones(text: String) { #expect(Timestamp.date(text) == Date(timeIntervalSince1970: 1_750_000_000)) }

    @Test(
        "is refused where it is none",
        arguments: [
            "", "yesterday", "2025-06-15", "15:06:40Z", "2025-06-15T15:06:40", "2025-13-15T15:06:40Z", "1750000000",
            "2025-06-15T15:06:40.Z", "2025-06-15T15:06:40Zz", "2025-06-15 15:06:40Z", "2025-06-31T15:06:40Z", "2025-02-29T15:06:40Z",
            "1900-02-29T15:06:40Z", "2025-00-15T15:06:40Z", "2025-06-00T15:06:40Z", "2025-06-15T24:00:00Z", "2025-06-15T15:60:40Z",
            "2025-06-15T15:06:60Z", "2025-06-15T15:06:40+24:00", "2025-06-15T15:06:40+", "2025-6-15T15:06:40Z", "２025-06-15T15:06:40Z",
            "2025-06-15T15:06:40.0000000000000001Z",
        ])
    func none(text: String) { #expect(Timestamp.date(text) == nil) }

    @Test(
        "is of the Gregorian calendar, at any time",
        arguments: [
            ("1582-10-14T00:00:00.000Z", -12_219_379_200.0), ("1500-02-28T23:59:59.999Z", -14_826_672_000.001),
            ("0001-01-01T00:00:00.000Z", -62_135_596_800), ("2000-02-29T00:00:00.000Z", 951_782_400),
        ])
    func gregorian(text: String, seconds: Double) throws {
        let date = try #require(Timestamp.date(text))
        #expect(abs(date.timeIntervalSince1970 - seconds) < 0.0001)
        #expect(Timestamp.text(date) == text)
    }

    @Test("of a year with other than four digits is left to Foundation")
    func otherYears() throws {
        for seconds in [253_402_300_800.0, -62_135_596_801] {
            let date = Date(timeIntervalSince1970: seconds)
            #expect(Timestamp.text(date) == date.formatted(Self.foundation))
        }
    }
}
