import ArgumentParser
import Foundation
import Leftfold
import LeftfoldCLI
import LeftfoldTesting
import Testing

/// The README's page on one's own domain is this folder: what it says works. That it says the same is tested by DocumentationTests.
@Suite struct ReadmeTests {
    @Test("The domain of the page decides as the page says")
    func decides() {
        let id = UUID()
        #expect(given(Account.self, .opened(owner: "Ada")).when(Deposit(id: id, amount: 5)) == .events([.deposited(amount: 5)]))
        #expect(given(Account.self).when(Deposit(id: id, amount: 5)) == .rejected(.notOpen))
        #expect(given(Account.self).when(Deposit(id: id, amount: 0)) == .invalid("amount", "must be positive"))
    }

    @Test("Its composition makes a program")
    func program() {
        let help = ServiceCommand<Bank>.helpMessage()
        for subcommand in ["dev", "serve", "project", "migrate", "rebuild", "import", "doctor"] { #expect(help.contains(subcommand)) }
    }

    private func main() async {
        await ServiceCommand<Bank>.main()  // bank dev, serve, project, rebuild, import, …
    }
}
