import Testing

/// What the README and the articles show compiles, because the same lines stand in a file that is compiled: in `Pages` here, or in an
/// example. Change both.
@Suite("The documentation's Swift code") struct CodeBlockTests {
    @Test("is code that compiles, line by line", arguments: try CodeBlock.all())
    func compiled(block: CodeBlock) throws {
        #expect(
            try CompiledFile.all().contains { $0.contains(block) },
            "no compiled file has these lines:\n\(block.lines.joined(separator: "\n"))")
    }

    @Test("is found")
    func found() throws {
        let pages = Set(try CodeBlock.all().map(\.page))
        #expect(pages.isSuperset(of: ["README.md", "Sources/Leftfold/Leftfold.docc/ModellingAnAggregate.md"]))
    }

    @Test("that differs in a line, an import or an indentation is noticed")
    func different() {
        let file = CompiledFile(lines: ["import Leftfold", "func page() {", "    let a = 1", "", "    let b = 2", "}"])
        func block(_ lines: String...) -> CodeBlock { CodeBlock(page: "page.md", number: 1, lines) }
        #expect(file.contains(block("import Leftfold", "", "let a = 1", "", "let b = 2")))
        #expect(!file.contains(block("import Foundation", "", "let a = 1")))
        #expect(!file.contains(block("let a = 1", "let b = 2")))
        #expect(!file.contains(block("let a = 1", "", "  let b = 2")))
        #expect(!file.contains(block("let b = 3")))
        #expect(!file.contains(block("= 1")))
    }
}
