import Foundation
import Leftfold

/// `{"command":"CreateUser","id":…}` taken apart: the name, and the bytes of everything else.
///
/// Nothing is decoded and encoded again: what the strict decoder of the bus gets to see are the bytes of the file.
enum JSONLine {
    static let nameField = "command"

    static func split(_ line: [UInt8]) throws(MalformedInput) -> (name: String, json: [UInt8]) {
        let members = try JSONScanner.members(of: line)
        let named = members.indices.filter { line[members[$0].key].elementsEqual(nameField.utf8) }
        guard let index = named.first else { throw MalformedInput(code: "missing_field", "The field “\(nameField)” is missing.") }
        guard named.count == 1 else { throw MalformedInput(code: "repeated_field", "The field “\(nameField)” is there twice.") }
        let member = members[index]
        // With one of the commas around it.
        let cut: Range<Int>
        if index + 1 < members.count {
            cut = member.key.lowerBound - 1..<members[index + 1].key.lowerBound - 1
        } else if index > 0 {
            cut = members[index - 1].value.upperBound..<member.value.upperBound
        } else {
            cut = member.key.lowerBound - 1..<member.value.upperBound
        }
        return (try text(line[member.value]), Array(line[..<cut.lowerBound] + line[cut.upperBound...]))
    }

    private static func text(_ value: ArraySlice<UInt8>) throws(MalformedInput) -> String {
        if value.first == .quote {
            if !value.contains(.backslash), let text = String(validating: value.dropFirst().dropLast(), as: UTF8.self) { return text }
            if let text = try? JSONDecoder().decode(String.self, from: Data(value)) { return text }
        }
        throw MalformedInput(code: "wrong_type", "“\(nameField)” is not of the type String.")
    }
}
