import Foundation

/// A line of text that people wrote.
struct PlainText {
    static let name = PlainText(maximumCharacters: 200)
    static let reason = PlainText(maximumCharacters: 500)

    let maximumCharacters: Int
    /// Besides the characters that people count, the bytes are bounded: one character can carry any number of accents.
    private var maximumBytes: Int { 4 * maximumCharacters }

    /// Trimmed, each run of white space and line breaks one space, composed (NFC).
    ///
    /// Text that will be refused for its length or its marks anyway stays as it is: nothing is done with it that costs more than to look.
    func normalized(_ text: String) -> String {
        guard text.utf8.count <= 2 * maximumBytes else { return text }
        if Self.isPlain(text) { return text }
        guard !text.hasHeapOfMarks else { return text }
        return text.unicodeScalars.split(whereSeparator: \.isSpace).map { String($0) }.joined(separator: " ")
            .precomposedStringWithCanonicalMapping
    }

    /// ASCII words with one space between them: in its normal form already.
    private static func isPlain(_ text: String) -> Bool {
        var previous = UInt8(ascii: " ")
        for byte in text.utf8 {
            guard (0x20...0x7E).contains(byte), byte != UInt8(ascii: " ") || previous != UInt8(ascii: " ") else { return false }
            previous = byte
        }
        return previous != UInt8(ascii: " ")
    }

    /// What is wrong with a text in its normal form; nil if it will do.
    func problem(with text: String) -> String? {
        guard !text.isEmpty else { return "must not be empty" }
        guard text.utf8.count <= maximumBytes else { return "must not be longer than \(maximumBytes) bytes" }
        guard !text.hasHeapOfMarks else { return "must not have more than \(String.maximumMarks) marks on one letter" }
        guard text.count <= maximumCharacters else { return "must not be longer than \(maximumCharacters) characters" }
        if Self.isPlain(text) { return nil }
        // PostgreSQL cannot store U+0000, and the others garble logs and terminals.
        guard !text.unicodeScalars.contains(where: \.isControl) else { return "must not contain control characters" }
        guard !text.unicodeScalars.contains(where: { $0.isFormat && !$0.isJoiner }) else {
            return "must not contain invisible characters"
        }
        guard !text.unicodeScalars.allSatisfy(\.isInvisible) else { return "must not be empty" }
        return nil
    }
}

extension Unicode.Scalar {
    var isControl: Bool { properties.generalCategory == .control }
    /// White space and line breaks, tabs included.
    var isSpace: Bool { properties.isWhitespace }
    /// Zero widths, direction overrides, byte order marks.
    var isFormat: Bool { properties.generalCategory == .format }
    /// What leaves no mark on the screen by itself: format characters, Hangul fillers, variation selectors.
    var isInvisible: Bool { isFormat || properties.isDefaultIgnorableCodePoint }
    /// The zero-width joiners that Persian, Indic scripts and emoji are written with.
    var isJoiner: Bool { self == "\u{200C}" || self == "\u{200D}" }
}
