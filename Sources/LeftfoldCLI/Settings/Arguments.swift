import ArgumentParser
import Foundation

/// Reads a command id from the command line.
func commandID(_ text: String) throws -> UUID {
    guard let id = UUID(uuidString: text) else { throw ValidationError("“\(text)” is not a UUID.") }
    return id
}
