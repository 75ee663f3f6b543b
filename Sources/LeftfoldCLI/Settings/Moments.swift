import ArgumentParser
import Foundation
import Leftfold
import LeftfoldPostgres
import LeftfoldService

/// Reads a time from the command line: ISO 8601 with a zone, for a time without one is another one on each machine.
func zonedTime(_ text: String) throws -> Date {
    guard let date = Timestamp.date(text) else {
        throw ValidationError(
            "“\(text.escapingControls)” is no time with a zone, such as 2026-11-25T23:37:44Z or 2026-11-26T00:37:44.5+01:00.")
    }
    return date
}

/// Reads a position of the log, or a time.
func moment(_ text: String) throws -> PastReadModel.Moment {
    if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
        guard let position = Int64(text) else { throw ValidationError("“\(text)” is beyond any position.") }
        return .position(GlobalPosition(rawValue: position))
    }
    guard let date = Timestamp.date(text) else {
        throw ValidationError(
            "“\(text.escapingControls)” is neither a position nor a time with a zone, such as 2026-11-25T23:37:44Z.")
    }
    return .time(date)
}

/// Reads how long something is: a whole number of seconds, minutes, hours or days.
func span(_ text: String) throws -> Duration {
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), text.dropLast().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = Int64(text.dropLast()), (1...36_500).contains(number)
    else { throw ValidationError("“\(text.escapingControls)” is no time such as 30s, 15m, 1h or 7d.") }
    return .seconds(number * unit)
}
