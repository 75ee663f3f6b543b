/// Accents and the like, which follow the letter that they stand on.
///
/// Swift compares and hashes text by its normal form, for which it puts the marks of a letter in order: in a time that grows with the square of
/// their number. Where there are few in a row, no text costs more than its length.
enum CombiningMark {
    /// More are no language: the longest row that is known has 18, and stream-safe text (UAX 15) stops at 30.
    static let maximumInARow = 64

    static func isOne(_ scalar: UInt32) -> Bool {
        switch scalar {
        // What most texts are made of, and what most rows of marks are: looking it up takes longer than all the rest.
        case 0..<0x300, 0x370..<0x483, 0x3400..<0xA000, 0xAC00..<0xD7A4, 0x1F000..<0x20000: false
        case 0x300..<0x370: true
        // They are none themselves, but are made of marks.
        case 0xF73, 0xF75, 0xF81, 0xFF9E, 0xFF9F: true
        default: Unicode.Scalar(scalar)?.properties.canonicalCombiningClass != .notReordered
        }
    }
}
