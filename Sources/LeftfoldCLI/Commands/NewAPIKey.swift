import ArgumentParser
import Foundation
import LeftfoldHTTP
import LeftfoldService

struct NewAPIKey<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "api-key", abstract: "Make an API key for a machine.",
            discussion: """
                Prints the key, which is told this once, and the line for the file that API_KEYS_FILE names; with --file, adds the \
                line to it. The machine sends the key as “Authorization: Bearer lf_…”. Taking the line out ends the key, \
                without a restart.
                """)
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Option(name: .long, help: "The machine.")
    var subject: String
    @Option(name: .long, help: "A role; repeat for more.")
    var role: [String] = []
    @Option(name: .long, help: "The tenant.")
    var tenant: String?
    @Option(name: .long, help: "What the key is called in the file; a random name unless given.")
    var id: String?
    @Option(name: .long, help: "How many days it is valid; for ever unless given.")
    var days: Int?
    @Option(name: .long, help: "Add the line to this file.")
    var file: String?

    func validate() throws { try require("--days", days, in: 1...36_500) }

    func run() async throws {
        try await P.requireKnown(role, try common.settings())
        let key = try APIKey.generate(
            id: id, subject: subject, roles: role, tenant: tenant,
            expiresAt: days.map { Date(timeIntervalSinceNow: Double($0) * 86_400) })
        if let file { try SecretFile.append(Array("\(key.line)\n".utf8), to: file) }
        if output.json {
            try Printing(json: true).object(Answer(key: key.key, line: key.line), text: "")
        } else {
            try StandardOutput.write(key.key + "\n" + (file == nil ? key.line + "\n" : ""))
        }
    }

    private struct Answer: Encodable {
        let key: String
        /// For the file.
        let line: String
    }
}
