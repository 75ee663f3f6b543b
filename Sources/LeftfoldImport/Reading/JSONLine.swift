import Foundation
import Leftfold

/// `{"command":"CreateUser","id":…}` taken apart: the name, and the bytes of everything else.
///
/// Nothing is decoded and encoded again: what the strict decoder of the bus gets to see are the bytes of the file.
enum JSONLine {
    static let nameField = "command"

    static func split(_ line: [UInt8]) throws(MalformedInput) -> (name: String, json: [UInt8]) {
        var scanner = Scanner(bytes: line)
        var name: Range<Int>?
        var member: Range<Int>?
        try scanner.skip(UInt8(ascii: "{"))
        if scanner.next == UInt8(ascii: "}") { throw missing }
        var commaBefore: Int?
        while true {
            let start = scanner.index
            let key = try scanner.string()
            try scanner.skip(UInt8(ascii: ":"))
            let value = try scanner.value()
            let isName = line[key].elementsEqual(nameField.utf8)
            if isName {
                guard name == nil else { throw MalformedInput(code: "repeated_field", "The field “\(nameField)” is there twice.") }
                name = value
                member = start..<value.upperBound
            }
            if scanner.next == .comma {
                let comma = scanner.index
                try scanner.skip(.comma)
                guard scanner.next == .quote else { throw malformed }
                if isName { member = start..<scanner.index }
                commaBefore = comma
            } else {
                guard scanner.next == UInt8(ascii: "}") else { throw malformed }
                if isName, let commaBefore { member = commaBefore..<value.upperBound }
                break
            }
        }
        guard let name, let member else { throw missing }
        return (try text(line[name]), Array(line[..<member.lowerBound] + line[member.upperBound...]))
    }

    private static var missing: MalformedInput { MalformedInput(code: "missing_field", "The field “\(nameField)” is missing.") }
    private static var malformed: MalformedInput { MalformedInput("The line is not a JSON object.") }

    private static func text(_ value: ArraySlice<UInt8>) throws(MalformedInput) -> String {
        guard value.first == .quote else { throw notText }
        if !value.contains(.backslash), let text = String(validating: value.dropFirst().dropLast(), as: UTF8.self) { return text }
        guard let text = try? JSONDecoder().decode(String.self, from: Data(value)) else {
            throw notText
        }
        return text
    }

    private static var notText: MalformedInput { MalformedInput(code: "wrong_type", "“\(nameField)” is not of the type String.") }

    /// One pass, without recursion. It finds where members begin and end; whether values are well-formed, the decoder checks.
    private struct Scanner {
        let bytes: [UInt8]
        var index = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
            skipSpace()
        }

        var next: UInt8? { index < bytes.count ? bytes[index] : nil }

        mutating func skip(_ byte: UInt8) throws(MalformedInput) {
            guard next == byte else { throw JSONLine.malformed }
            index += 1
            skipSpace()
        }

        /// Moves past a string; what is between its quotes.
        mutating func string() throws(MalformedInput) -> Range<Int> {
            guard next == .quote else { throw JSONLine.malformed }
            let start = index + 1
            index = start
            while let byte = next, byte != .quote { index += byte == .backslash ? 2 : 1 }
            guard next == .quote else { throw MalformedInput("The JSON ends within a string.") }
            let end = index
            index += 1
            skipSpace()
            return start..<end
        }

        /// Moves past a value; where it was.
        mutating func value() throws(MalformedInput) -> Range<Int> {
            let start = index
            var end = index
            var depth = 0
            repeat {
                guard let byte = next else { throw MalformedInput("The JSON ends too early.") }
                switch byte {
                case .quote:
                    end = try string().upperBound + 1
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                case .comma where depth == 0, UInt8(ascii: ":") where depth == 0: throw JSONLine.malformed
                default: break
                }
                guard depth >= 0 else { throw JSONLine.malformed }
                index += 1
                if depth == 0, !"}]".utf8.contains(byte) {
                    while let byte = next, !",}]: \t\r\n\"".utf8.contains(byte) { index += 1 }
                }
                end = index
                skipSpace()
            } while depth > 0
            return start..<end
        }

        private mutating func skipSpace() {
            while let byte = next, " \t\r\n".utf8.contains(byte) { index += 1 }
        }
    }
}
