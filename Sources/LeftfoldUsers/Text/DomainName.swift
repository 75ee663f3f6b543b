/// The domain of an e-mail address, in the one form in which it is compared: labels in Unicode, folded, with full stops between them.
enum DomainName {
    /// What keyboards for Chinese and Japanese have for a dot (RFC 3490, 3.1).
    static let fullStops: Set<Unicode.Scalar> = ["\u{3002}", "\u{FF0E}", "\u{FF61}"]
    private static let prefix = "xn--"

    static func folded(_ domain: String) -> String {
        Folding.folded(domain).split(separator: ".", omittingEmptySubsequences: false).map { label in
            decoded(label).map(Folding.folded) ?? String(label)
        }.joined(separator: ".")
    }

    /// Whether all labels that begin with `xn--` can be read, and mean what could not be written otherwise.
    static func isReadable(_ domain: String) -> Bool {
        Folding.folded(domain).split(separator: ".").allSatisfy { label in
            guard label.hasPrefix(prefix) else { return true }
            guard let decoded = decoded(label) else { return false }
            let folded = Folding.folded(decoded)
            return !folded.hasPrefix(prefix) && !folded.isEmpty && !folded.unicodeScalars.contains { $0 == "." || fullStops.contains($0) }
        }
    }

    /// What a folded label says behind its `xn--`; nil for other labels and for what cannot be read.
    private static func decoded(_ label: Substring) -> String? {
        label.hasPrefix(prefix) ? Punycode.decode(label.dropFirst(prefix.count).utf8) : nil
    }
}
