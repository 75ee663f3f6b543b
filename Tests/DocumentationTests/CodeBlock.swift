import Foundation
import Testing

/// A block of Swift code on a page of the documentation.
struct CodeBlock: Sendable, CustomTestStringConvertible {
    /// From the root of the repository.
    let page: String
    /// On the page, from 1.
    let number: Int
    /// The modules that it imports.
    let imports: Set<String>
    /// The rest, without empty lines around it.
    let lines: [String]

    var testDescription: String { "\(page), block \(number): \(lines.first ?? "")" }

    init(page: String, number: Int, _ text: [String]) {
        self.page = page
        self.number = number
        imports = Set(text.filter { $0.hasPrefix("import ") })
        let rest = text.filter { !$0.hasPrefix("import ") }.drop { $0.isEmpty }
        lines = Array(rest[..<(rest.lastIndex { !$0.isEmpty }.map { $0 + 1 } ?? rest.startIndex)])
    }

    /// All blocks of the README and of the articles.
    static func all() throws -> [CodeBlock] {
        let articles = try Repository.files(under: "Sources", ending: ".md").filter { $0.contains(".docc/") }
        return try (["README.md"] + articles).flatMap { page in blocks(of: try Repository.lines(of: page), on: page) }
    }

    private static func blocks(of lines: [String], on page: String) -> [CodeBlock] {
        var blocks: [CodeBlock] = []
        var open: [String]?
        for line in lines {
            if let text = open, line == "```" {
                blocks.append(CodeBlock(page: page, number: blocks.count + 1, text))
                open = nil
            } else if open != nil {
                open?.append(line)
            } else if line == "```swift" {
                open = []
            }
        }
        return blocks
    }
}

/// A file that is compiled, where the code of a page may stand.
struct CompiledFile: Sendable {
    let lines: [String]

    /// The twins of the pages: beside this file, and the examples.
    static func all() throws -> [CompiledFile] {
        let folders = ["Tests/DocumentationTests/Pages", "Examples/bank/Sources", "Examples/bank/Tests"]
        return try folders.flatMap { try Repository.files(under: $0, ending: ".swift") }
            .map { CompiledFile(lines: try Repository.lines(of: $0)) }
    }

    /// Whether it has the block, line by line and in one piece, at whatever indentation, and imports what the block imports.
    func contains(_ block: CodeBlock) -> Bool {
        guard let first = block.lines.first, block.imports.isSubset(of: lines) else { return false }
        return lines.indices.contains { start in
            guard lines[start].hasSuffix(first), lines.count - start >= block.lines.count else { return false }
            let indentation = lines[start].dropLast(first.count)
            return indentation.allSatisfy { $0 == " " }
                && zip(lines[start...], block.lines).allSatisfy { line, wanted in
                    wanted.isEmpty ? line.isEmpty : line == indentation + wanted
                }
        }
    }
}

/// The files of the repository that these tests are in.
enum Repository {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static func lines(of file: String) throws -> [String] {
        try String(contentsOfFile: root + "/" + file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false).map(
            String.init)
    }

    static func files(under folder: String, ending: String) throws -> [String] {
        guard FileManager.default.fileExists(atPath: root + "/" + folder) else { return [] }
        return try FileManager.default.subpathsOfDirectory(atPath: root + "/" + folder)
            .filter { $0.hasSuffix(ending) && !$0.contains(".build/") }.sorted().map { folder + "/" + $0 }
    }
}
