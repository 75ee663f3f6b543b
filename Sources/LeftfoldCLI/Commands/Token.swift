import ArgumentParser
import LeftfoldHTTP
import LeftfoldService

struct Token<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "token", abstract: "Sign a token for the HTTP API.",
            discussion: "Uses the keys of JWT_KEYS_FILE or JWT_KEYS, or of a dev folder with --data. Needs no database.")
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Option(name: .long, help: "Who it is for.")
    var subject: String
    @Option(name: .long, help: "A role; repeat for more.")
    var role: [String] = []
    @Option(name: .long, help: "The tenant.")
    var tenant: String?
    @Option(name: .long, help: "How many seconds it is valid.")
    var lifetime = 3600
    @Option(name: .long, help: ArgumentHelp("Take the keys of this dev folder.", valueName: "folder"))
    var data: String?

    private static var tenYears: Int { 10 * 365 * 24 * 3600 }

    func validate() throws { try require("--lifetime", lifetime, in: 1...Self.tenYears) }

    func run() async throws {
        var settings = try common.settings()
        try await P.requireKnown(role, settings)
        if let data { (settings.keysFile, settings.keys) = (nil, try DataFolder(existing: data).keys()) }
        let issuer = try TokenIssuer(
            keys: try await settings.keySet(), issuer: settings.issuer ?? P.name, audience: settings.audience ?? P.name)
        let token = try issuer.issue(subject: subject, roles: role, tenant: tenant, lifetime: .seconds(lifetime))
        try Printing(json: output.json).object(["token": token], text: token)
    }
}
