import Foundation

/// A line of text that people wrote: a name, a reason.
enum PlainText {
    /// Trimmed, each run of white space and line breaks one space, composed (NFC).
    static func normalized(_ text: String) -> String {
        if isPlain(text) { return text }
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
    ///
    /// Besides the characters that people count, the bytes are bounded: one character can carry any number of accents.
    static func problem(with text: String, maximumCharacters: Int) -> String? {
        guard !text.isEmpty else { return "must not be empty" }
        guard text.utf8.count <= 4 * maximumCharacters else {
            return "must not be longer than \(4 * maximumCharacters) bytes"
        }
        guard text.count <= maximumCharacters else { return "must not be longer than \(maximumCharacters) characters" }
        if isPlain(text) { return nil }
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
