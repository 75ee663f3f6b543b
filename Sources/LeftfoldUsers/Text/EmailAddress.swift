import Foundation

/// What counts as an e-mail address, how it is kept, and when two are the same.
///
/// The shape is that of RFC 5321 with the internationalised characters of RFC 6531, without quoted local parts and
/// address literals. Whether anybody reads the mailbox, only a mail can tell.
///
/// Two addresses are the same if their forms of ``compared(_:)`` are: the local part in its ``Folding/folded(_:)`` form, the domain too, with labels that
/// begin with `xn--` in the Unicode that they stand for. `Straße@BÜCHER.example` and `strasse@xn--bcher-kva.example` are one address.
public enum EmailAddress {
    static let maximumBytes = 254
    static let maximumLocalBytes = 64
    static let maximumLabelBytes = 63
    /// Of the form that is compared, in which some letters are several.
    static let maximumComparedBytes = 320

    /// The form that is kept: trimmed, composed (NFC), the domain in lower case and with full stops. The local part keeps its case: it belongs
    /// to the receiving host.
    ///
    /// Text that will be refused for its length or its marks anyway stays as it is: nothing is done with it that costs more than to look.
    public static func normalized(_ text: String) -> String {
        guard text.utf8.count <= 2 * maximumBytes else { return text }
        if isPlain(text) {
            guard let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return text }
            return text[..<at] + text[at...].lowercased()
        }
        guard !text.hasHeapOfMarks else { return text }
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines).precomposedStringWithCanonicalMapping
        guard let at = text.unicodeScalars.lastIndex(of: "@") else { return text }
        let domain = String(String.UnicodeScalarView(text.unicodeScalars[at...].map { DomainName.fullStops.contains($0) ? "." : $0 }))
        return (text[..<at] + domain.lowercased()).precomposedStringWithCanonicalMapping
    }

    /// The form that decides whether two addresses are the same, and that a search looks at. Takes any text, also a part of an address.
    public static func compared(_ text: String) -> String {
        let text = normalized(text)
        if isPlain(text), !text.utf8.contains(UInt8(ascii: "-")) { return text.lowercased() }
        guard let (local, domain) = parts(text) else { return DomainName.folded(text) }
        return Folding.folded(local) + "@" + DomainName.folded(domain)
    }

    /// What is before and behind the last @.
    private static func parts(_ text: String) -> (local: String, domain: String)? {
        let scalars = text.unicodeScalars
        guard let at = scalars.lastIndex(of: "@") else { return nil }
        return (String(scalars[..<at]), String(scalars[scalars.index(after: at)...]))
    }

    /// ASCII without spaces and controls, as most addresses are: nothing to trim, nothing to compose.
    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { (0x21...0x7E).contains($0) } }

    /// What is wrong with an address in its normal form; nil if it will do.
    static func problem(with text: String) -> String? {
        guard !text.isEmpty else { return "must not be empty" }
        guard text.utf8.count <= maximumBytes else { return "must not be longer than \(maximumBytes) bytes" }
        guard !text.hasHeapOfMarks else { return "must not have more than \(String.maximumMarks) marks on one letter" }
        if let problem = problem(withCharactersOf: text) ?? problem(withPartsOf: text) { return problem }
        guard let domain = parts(text)?.domain, DomainName.isReadable(domain) else {
            return "must have a domain whose labels that begin with xn-- can be read"
        }
        let compared = compared(text)
        guard compared.utf8.count <= maximumComparedBytes else {
            return "must not be longer than \(maximumComparedBytes) bytes when letters that stand for several are written out"
        }
        // A compatible character may stand for one that an address cannot have, such as a full-width comma.
        return problem(withCharactersOf: compared) ?? problem(withShapeOf: compared)
    }

    private static func problem(withCharactersOf text: String) -> String? {
        if isPlain(text) { return nil }
        guard !text.unicodeScalars.contains(where: \.isControl) else { return "must not contain control characters" }
        guard !text.unicodeScalars.contains(where: { $0.isSpace || $0.isInvisible }) else {
            return "must not contain spaces or invisible characters"
        }
        return nil
    }

    /// The lengths of the parts, and their shape.
    private static func problem(withPartsOf text: String) -> String? {
        let parts = text.unicodeScalars.split(separator: "@", omittingEmptySubsequences: false)
        if parts.count == 2 {
            guard Substring(parts[0]).utf8.count <= maximumLocalBytes else {
                return "must not have more than \(maximumLocalBytes) bytes before the @"
            }
            guard parts[1].split(separator: ".").allSatisfy({ Substring($0).utf8.count <= maximumLabelBytes }) else {
                return "must not have more than \(maximumLabelBytes) bytes between two dots of the domain"
            }
        }
        return problem(withShapeOf: text)
    }

    private static func problem(withShapeOf text: String) -> String? {
        let parts = text.unicodeScalars.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return "must contain exactly one @" }
        return problem(withLocalPart: parts[0]) ?? problem(withDomain: parts[1])
    }

    private static func problem(withLocalPart local: Substring.UnicodeScalarView) -> String? {
        guard !local.isEmpty else { return "must have something before the @" }
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
