extension String {
    /// With control characters, line separators and characters that change the direction of text as `\\u{1b}`: text from
    /// elsewhere must not be able to move the cursor of whoever looks at it, begin a line, or turn what it says around.
    package var escapingControls: String {
        unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.isInvisible {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }

    /// The same for JSON, which stays the same JSON: such characters are in its strings only.
    package var escapingControlsInJSON: String {
        // Nearly all text.
        if utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            guard scalar.isInvisible, scalar != "\n" else { return text.unicodeScalars.append(scalar) }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isInvisible: Bool {
        // Words of Persian and of India's languages, and many emoji, are held together by these two.
        if value == 0x200C || value == 0x200D { return false }
        return switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
