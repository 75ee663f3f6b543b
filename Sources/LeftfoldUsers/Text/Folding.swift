import Foundation

/// The form in which texts of people are compared: equal for all spellings that people take for the same text.
///
/// It is Unicode's full case folding on compatibility forms (close to `toNFKC_Casefold` of UAX 31): case, final sigma, `ß` and `ss`, composed and
/// decomposed letters, full-width forms, ligatures and invisible characters make no difference; accents do. All four letters I are one, with
/// and without a dot, because which of them is the capital of which depends on the language.
///
/// It takes any text; of one that is longer than ``maximumBytes``, and not all ASCII, the beginning. The result is its own folded form.
public enum Folding {
    /// No name, address or search is as long. Normalizing what is longer takes a time that grows with the square of its length.
    public static let maximumBytes = 1024

    public static func folded(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.lowercased() }
        var folded = text.cut(toBytes: maximumBytes).withoutHeapsOfMarks
        // The second time for what the first one made of letters: a folded letter may stand for several that are compatible with others.
        for _ in 0..<2 { folded = caseFolded(folded.decomposedStringWithCompatibilityMapping) }
        return folded.precomposedStringWithCompatibilityMapping
    }

    /// The folded form, cut at a scalar to so many bytes.
    public static func folded(_ text: String, maximumBytes: Int) -> String {
        folded(text).cut(toBytes: maximumBytes)
    }

    /// A decomposed text, folded letter by letter.
    private static func caseFolded(_ text: String) -> String {
        var folded = String.UnicodeScalarView()
        var isOnI = false
        for scalar in text.unicodeScalars where !scalar.properties.isDefaultIgnorableCodePoint {
            if isOnI, scalar == "\u{307}" { continue }
            let start = folded.endIndex
            if scalar.isASCII {
                folded.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            } else {
                // By way of the capitals, which tell ß and ς; and of the small letters before, which tell ẞ.
                for small in scalar.properties.lowercaseMapping.unicodeScalars {
                    for capital in small.properties.uppercaseMapping.unicodeScalars {
                        folded.append(contentsOf: capital.properties.lowercaseMapping.unicodeScalars)
                    }
                }
            }
            // Marks below a letter do not come between it and its dot.
            let markClass = scalar.properties.canonicalCombiningClass.rawValue
            if markClass == 0 { isOnI = folded[start...].last == "i" } else if markClass >= 230 { isOnI = false }
        }
        return String(folded)
    }
}

extension String {
    /// More marks than this on one letter are no language: what a stream-safe text has at most (UAX 15), so that bringing them in order costs
    /// next to nothing.
    static var maximumMarks: Int { 30 }

    /// Whether a letter carries more than ``maximumMarks``. Ask before normalizing: putting marks in order takes a time that grows with the
    /// square of their number.
    var hasHeapOfMarks: Bool {
        var marks = 0
        for scalar in unicodeScalars {
            marks = scalar.isMark ? marks + 1 : 0
            if marks > Self.maximumMarks { return true }
        }
        return false
    }

    /// The beginning of the text, up to the last scalar that fits.
    fileprivate func cut(toBytes maximum: Int) -> String {
        guard utf8.count > maximum else { return self }
        var end = utf8.index(startIndex, offsetBy: maximum)
        while end > startIndex, UTF8.isContinuation(utf8[end]) { end = utf8.index(before: end) }
        return String(unicodeScalars[..<end])
    }

    /// The text without the marks that are too many.
    fileprivate var withoutHeapsOfMarks: String {
        guard hasHeapOfMarks else { return self }
        var marks = 0
        return String(
            UnicodeScalarView(
                unicodeScalars.filter { scalar in
                    marks = scalar.isMark ? marks + 1 : 0
                    return marks <= Self.maximumMarks
                }))
    }
}

extension Unicode.Scalar {
    fileprivate var isMark: Bool {
        switch self {
        // They are none themselves, but are made of marks.
        case "\u{F73}", "\u{F75}", "\u{F81}", "\u{FF9E}", "\u{FF9F}": true
        default: !isASCII && properties.canonicalCombiningClass != .notReordered
        }
    }
}
