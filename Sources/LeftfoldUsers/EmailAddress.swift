import Foundation

/// What counts as an e-mail address, how it is kept, and when two are the same.
///
/// The shape is that of RFC 5321 with the internationalised characters of RFC 6531, without quoted local parts and
/// address literals. Whether anybody reads the mailbox, only a mail can tell.
public enum EmailAddress {
    static let maximumBytes = 254
    static let maximumLocalBytes = 64
    static let maximumLabelBytes = 63

    /// The form that is kept: trimmed, composed (NFC), the domain in lower case. The local part keeps its case: it belongs to the
    /// receiving host.
    public static func normalized(_ text: String) -> String {
        if isPlain(text) {
            guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return text }
            return text[..<at] + text[at...].lowercased()
        }
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines).precomposedStringWithCanonicalMapping
        guard let at = text.unicodeScalars.lastIndex(of: "@") else { return text }
        return (text[..<at] + text[at...].lowercased()).precomposedStringWithCanonicalMapping
    }

    /// The form that decides whether two addresses are the same: all in lower case.
    public static func compared(_ text: String) -> String {
        if isPlain(text) { return text.lowercased() }
        return normalized(text).lowercased().precomposedStringWithCanonicalMapping
    }

    /// ASCII without spaces and controls, as most addresses are: nothing to trim, nothing to compose.
    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { (0x21...0x7E).contains($0) } }

    /// What is wrong with an address in its normal form; nil if it will do.
    static func problem(with text: String) -> String? {
        guard !text.isEmpty else { return "must not be empty" }
        guard text.utf8.count <= maximumBytes else { return "must not be longer than \(maximumBytes) bytes" }
        if !isPlain(text) {
            guard !text.unicodeScalars.contains(where: \.isControl) else { return "must not contain control characters" }
            guard !text.unicodeScalars.contains(where: { $0.isSpace || $0.isInvisible }) else {
                return "must not contain spaces or invisible characters"
            }
        }
        let parts = text.unicodeScalars.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return "must contain exactly one @" }
        return problem(withLocalPart: parts[0]) ?? problem(withDomain: parts[1])
    }

    private static func problem(withLocalPart local: Substring.UnicodeScalarView) -> String? {
        guard !local.isEmpty else { return "must have something before the @" }
        guard Substring(local).utf8.count <= maximumLocalBytes else {
            return "must not have more than \(maximumLocalBytes) bytes before the @"
        }
        guard local.allSatisfy({ !$0.isASCII || $0.isASCIILetterOrDigit || ".!#$%&'*+-/=?^_`{|}~".unicodeScalars.contains($0) }) else {
            return "must not contain any of ( ) < > [ ] : ; , \\ \""
        }
        guard local.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ !$0.isEmpty }) else {
            return "must not have a dot at the beginning, at the end or after another dot before the @"
        }
        return nil
    }

    private static func problem(withDomain domain: Substring.UnicodeScalarView) -> String? {
        let labels = domain.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count > 1, labels.allSatisfy({ !$0.isEmpty }) else { return "must end in a domain such as example.org" }
        guard labels.allSatisfy({ Substring($0).utf8.count <= maximumLabelBytes }) else {
            return "must not have more than \(maximumLabelBytes) bytes between two dots of the domain"
        }
        let isWellFormed = labels.allSatisfy { label in
            label.first != "-" && label.last != "-" && label.allSatisfy { !$0.isASCII || $0.isASCIILetterOrDigit || $0 == "-" }
        }
        return isWellFormed ? nil : "must have a domain of letters, digits and inner hyphens"
    }
}

extension Unicode.Scalar {
    fileprivate var isASCIILetterOrDigit: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: false
        }
    }
}
