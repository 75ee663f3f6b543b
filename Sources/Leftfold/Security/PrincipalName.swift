/// What subjects and tenants may be called. They are shown in logs, in the journal and on terminals, and compared byte by byte:
/// so none may be empty, be longer than 255 bytes, or hold what cannot be seen.
///
/// Whoever makes a ``Principal`` from outside asks here: tokens, API keys, and what issues them.
public enum PrincipalName {
    /// In bytes of UTF-8.
    public static let maximumLength = 255

    /// The prefix of whoever sits at the service's own command line. Nobody from outside may claim it, in any case of letters.
    public static let operatorPrefix = "local:"

    /// Why this is no subject, as the end of a sentence (“must not be empty”). Nil: it is one.
    public static func objection(toSubject text: String) -> String? {
        if let objection = objection(to: text) { return objection }
        let isOperators =
            text.utf8.count >= operatorPrefix.utf8.count && zip(text.utf8, operatorPrefix.utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
        return isOperators ? "must not begin with “\(operatorPrefix)”, which is the operator's" : nil
    }

    /// The same for a tenant.
    public static func objection(toTenant text: String) -> String? { objection(to: text) }

    private static func objection(to text: String) -> String? {
        // The length first: nothing below is done to more than that.
        guard !text.utf8.isEmpty else { return "must not be empty" }
        guard text.utf8.count <= maximumLength else { return "must not be longer than \(maximumLength) bytes" }
        guard text.unicodeScalars.allSatisfy(isVisible) else { return "must not hold control, formatting or invisible characters" }
        guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last, !first.properties.isWhitespace,
            !last.properties.isWhitespace
        else { return "must not begin or end with white space" }
        return nil
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: !scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
