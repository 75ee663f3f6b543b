import Leftfold
import LeftfoldDriver
import LeftfoldUsers

/// Which users are listed.
struct UserFilter {
    static let statuses = ["active", "deactivated"]

    let status: String?
    /// What the name or the e-mail address begins with; in any case, as all spellings of ``Folding``.
    let prefix: String?
    /// Part of the name or the e-mail address.
    let search: String?

    /// A condition for WHERE.
    var condition: SQL {
        var conditions: [SQL] = []
        if let status { conditions.append("status = \(status)") }
        if let prefix { conditions.append(Self.either(prefix, Self.begins)) }
        if let search { conditions.append(Self.either(search, Self.contains)) }
        return conditions.isEmpty ? "true" : "\(fragments: conditions, separator: " AND ")"
    }

    private static func either(_ text: String, _ condition: (_ column: String, _ text: String) -> SQL) -> SQL {
        "(\(fragment: condition("name_folded", Folding.folded(text))) OR \(fragment: condition("email_folded", EmailAddress.compared(text))))"
    }

    /// A range of the index: with LIKE, a plan for any text could not use it.
    private static func begins(_ column: String, _ text: String) -> SQL {
        // No text in UTF-8 has a byte that is larger than this scalar's first.
        "(\(unsafe: column) >= \(text) AND \(unsafe: column) < \(text + "\u{10FFFF}"))"
    }

    /// Reads the table, or the index of trigrams if there is one.
    private static func contains(_ column: String, _ text: String) -> SQL { "\(unsafe: column) LIKE \("%\(literal(text))%")" }

    /// The text as a LIKE pattern that matches just itself.
    private static func literal(_ text: String) -> String {
        var pattern = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "\\" || scalar == "%" || scalar == "_" { pattern.append("\\") }
            pattern.append(scalar)
        }
        return String(pattern)
    }
}
