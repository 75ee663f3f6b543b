import Leftfold

/// Text on its way into a page.
enum HTML {
    static func escaped(_ text: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// Paragraphs, and `code` between backticks: as much of Markdown as descriptions use.
    static func prose(_ text: String) -> String {
        text.split(separator: "\n\n").map { "<p>\(line(String($0)))</p>" }.joined()
    }

    static func line(_ text: String) -> String {
        let parts = text.split(separator: "`", omittingEmptySubsequences: false).map { escaped(String($0)) }
        return parts.enumerated().map { index, part in
            index % 2 == 1 && index < parts.count - 1 ? "<code>\(part)</code>" : (index % 2 == 1 ? "`" : "") + part
        }.joined()
    }

    static func code(_ text: String) -> String { "<code>\(escaped(text))</code>" }

    /// For an `id`, and links to it.
    static func anchor(_ text: String) -> String { text.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") } }
}
