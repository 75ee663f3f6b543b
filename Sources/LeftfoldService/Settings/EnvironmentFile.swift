import LeftfoldHTTP

/// A file of `KEY=value` lines, as shells, containers and people write them.
///
/// What would mean different things to different readers is refused with the number of its line. Nothing of the file is ever
/// quoted: a value may be a password.
///
/// A file that others than its owner can read is refused, as passwords in it would be told to them.
///
/// - Lines end with LF or CRLF; a byte order mark at the beginning is passed over.
/// - Blank lines and lines that begin with `#` say nothing. After an unquoted value, ` #` begins a comment, too.
/// - `export` may stand before the name, and blanks around `=`.
/// - Between `'` everything is taken as it stands. Between `"`, `\"`, `\\`, `\$` and `` \` `` stand for the character after the
///   backslash, as in a shell.
/// - Nothing is expanded: `$` and `` ` `` outside of single quotes are refused, except behind a backslash within double ones.
/// - A name without a value is not set.
struct EnvironmentFile: Equatable {
    let values: [String: String]

    init(path: String) throws(Misconfigured) {
        let bytes: [UInt8]
        do {
            bytes = try SecretFile.read(path)
        } catch {
            throw Misconfigured("\(error)")
        }
        do {
            try self.init(bytes)
        } catch {
            throw Misconfigured("\(path), line \(error.line): \(error.problem)")
        }
    }

    init(_ bytes: [UInt8]) throws(UnreadableLine) {
        var values: [String: String] = [:]
        let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        for (index, line) in content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            do throws(Problem) {
                guard let (name, value) = try Self.setting(line.last == UInt8(ascii: "\r") ? line.dropLast() : line) else { continue }
                guard values.updateValue(value, forKey: name) == nil else { throw Problem("the same name was set before") }
            } catch {
                throw UnreadableLine(line: index + 1, problem: error.text)
            }
        }
        self.values = values
    }

    struct UnreadableLine: Error, Equatable {
        /// Counted from 1.
        let line: Int
        let problem: String
    }

    private struct Problem: Error {
        let text: String
        init(_ text: String) { self.text = text }
    }

    /// Nil where the line says nothing.
    private static func setting(_ line: ArraySlice<UInt8>) throws(Problem) -> (name: String, value: String)? {
        guard let text = String(validating: line, as: UTF8.self) else { throw .init("it is not UTF-8") }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control && $0 != "\t" }) else {
            throw .init("there is a control character in it")
        }
        var rest = Substring(text).trimmingBlanks
        if rest.isEmpty || rest.first == "#" { return nil }
        if rest.hasPrefix("export"), let next = rest.dropFirst(6).first, next.isBlank { rest = rest.dropFirst(6).trimmingBlanks }
        guard let equals = rest.firstIndex(of: "=") else { throw .init("it is not of the form KEY=value") }
        let name = rest[..<equals].trimmingBlanks
        guard name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil else {
            throw .init("the name before “=” is not made of letters, digits and underscores")
        }
        return (String(name), try value(rest[rest.index(after: equals)...]))
    }

    private static func value(_ behindEquals: Substring) throws(Problem) -> String {
        let text = behindEquals.trimmingBlanks
        switch text.first {
        case "'": return try quoted(text.dropFirst(), by: "'")
        case "\"": return try quoted(text.dropFirst(), by: "\"")
        case "#" where behindEquals.first == "#": throw .init("a value that begins with “#” stands in single quotes")
        default:
            var value = text
            if let comment = text.indices.first(where: {
                text[$0] == "#" && ($0 == text.startIndex || text[text.index(before: $0)].isBlank)
            }) {
                value = text[..<comment].trimmingBlanks
            }
            guard !value.contains(where: \.isExpanded) else { throw .init(notExpanded) }
            return String(value)
        }
    }

    private static let notExpanded = "nothing is expanded: a value with “$” or “`” stands in single quotes"

    private static func quoted(_ text: Substring, by quote: Character) throws(Problem) -> String {
        var value = ""
        var index = text.startIndex
        while index < text.endIndex, text[index] != quote {
            if quote == "\"" {
                if text[index].isExpanded { throw .init(notExpanded) }
                let next = text.index(after: index)
                if text[index] == "\\", next < text.endIndex, "\"\\$`".contains(text[next]) { index = next }
            }
            value.append(text[index])
            index = text.index(after: index)
        }
        guard index < text.endIndex else { throw .init("a quote is opened and not closed on the same line") }
        let rest = text[text.index(after: index)...]
        guard rest.trimmingBlanks.isEmpty || rest.first?.isBlank == true && rest.trimmingBlanks.first == "#" else {
            throw .init("something follows the closing quote")
        }
        return value
    }
}

extension Character {
    fileprivate var isBlank: Bool { self == " " || self == "\t" }
    fileprivate var isExpanded: Bool { self == "$" || self == "`" }
}

extension Substring {
    fileprivate var trimmingBlanks: Substring {
        var text = self
        while text.first?.isBlank == true { text.removeFirst() }
        while text.last?.isBlank == true { text.removeLast() }
        return text
    }
}
