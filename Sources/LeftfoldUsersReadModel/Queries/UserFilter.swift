import Leftfold
import LeftfoldDriver
import LeftfoldUsers

/// Which users are listed.
struct UserFilter {
    static let statuses = ["active", "deactivated"]

    let status: String?
    /// What the text that the list is sorted by begins with; in any spelling that ``Folding`` takes for the same.
    let prefix: String?
    /// Part of the name or the e-mail address, likewise.
    let search: String?

    /// A condition for WHERE.
    func condition(_ order: UserOrder) -> SQL {
        var conditions: [SQL] = []
        if let status { conditions.append("status = \(status)") }
        if let prefix, let column = order.column {
            conditions.append(Self.begins(column, order.key == .email ? EmailAddress.compared(prefix) : Folding.folded(prefix)))
        }
        if let search {
            let parts = [
                Self.contains("name_folded", Folding.folded(search)), Self.contains("email_folded", EmailAddress.compared(search)),
            ]
            conditions.append("(\(fragments: parts, separator: " OR "))")
        }
        return conditions.isEmpty ? "true" : "\(fragments: conditions, separator: " AND ")"
    }

    /// A range of the index: with LIKE, a plan that is kept for any text could not use it.
    private static func begins(_ column: String, _ text: String) -> SQL {
        // No text goes on with a larger scalar.
        "\(unsafe: column) >= \(text) AND \(unsafe: column) < \(text + "\u{10FFFF}")"
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
