import ArgumentParser
import Foundation
import LeftfoldService

enum Arguments {
    /// The process's own, without its name. Throws for one that is not UTF-8: read with replacement characters, it would name
    /// something else.
    static func ofProcess() throws -> [String] {
        try (1..<max(Int(CommandLine.argc), 1)).compactMap { index in
            guard let bytes = CommandLine.unsafeArgv[index] else { return nil }
            guard let text = String(validatingCString: bytes) else { throw ValidationError("Argument \(index) is not UTF-8.") }
            return text
        }
    }
}

/// Reads a command id from the command line.
func commandID(_ text: String) throws -> UUID {
    guard let id = UUID(uuidString: text) else { throw ValidationError("“\(text.escapingControls)” is not a UUID.") }
    return id
}

/// Refuses a number that cannot be meant.
func require<T: Comparable>(_ option: String, _ value: T?, in range: ClosedRange<T>) throws {
    guard let value, !range.contains(value) else { return }
    throw ValidationError("\(option) must be between \(range.lowerBound) and \(range.upperBound).")
}

enum Ranges {
    static let port = 0...65535
    /// How many of something are shown at most.
    static let limit = 1...1_000_000
    /// Of an event in the log or in its stream.
    static let position: ClosedRange<Int64> = 0 ... .max
}
