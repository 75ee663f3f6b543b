import ArgumentParser
import Foundation
import Leftfold
import LeftfoldTesting
import Testing

@testable import LeftfoldCLI

/// The README's page on one's own domain is this folder: what it says compiles and works.
@Suite struct ReadmeTests {
    private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

    @Test("The README shows these files, line by line", arguments: ["Account.swift", "Balances.swift", "Bank.swift"])
    func shown(_ file: String) throws {
        let readme = try String(contentsOf: folder.appendingPathComponent("../../../README.md").standardized, encoding: .utf8)
        let lines = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8).split(separator: "\n")
        let blocks = readme.split(separator: "```swift").dropFirst().map {
            $0.prefix(upTo: $0.firstRange(of: "```")?.lowerBound ?? $0.endIndex)
        }
        let declaration = try #require(lines.first { $0.hasPrefix("struct ") || $0.hasPrefix("enum ") })
        let block = try #require(blocks.first { $0.contains(declaration) })
        // A file may need an import that the page made before.
        for line in lines where !line.hasPrefix("import ") { #expect(block.contains(line)) }
        let shown = block.split(separator: "\n").filter { !$0.hasPrefix("await ") }
        for line in shown { #expect(lines.contains(line)) }
    }

    @Test("The domain of the page decides as the page says")
    func decides() {
        let id = UUID()
        #expect(given(Account.self, .opened(owner: "Ada")).when(Deposit(id: id, amount: 5)) == .events([.deposited(amount: 5)]))
        #expect(given(Account.self).when(Deposit(id: id, amount: 5)) == .rejected(.notOpen))
        #expect(given(Account.self).when(Deposit(id: id, amount: 0)) == .invalid("amount", "must be positive"))
    }

    @Test("Its composition makes a program")
    func program() {
        let help = RootCommand<Bank>.helpMessage()
        for subcommand in ["dev", "serve", "project", "migrate", "rebuild", "import", "doctor"] { #expect(help.contains(subcommand)) }
    }
}
