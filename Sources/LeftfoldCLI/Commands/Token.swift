import ArgumentParser
import LeftfoldHTTP
import LeftfoldService

struct Token<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "token", abstract: "Sign a token for the HTTP API.",
            discussion: "Uses the keys of JWT_KEYS_FILE or JWT_KEYS, or of a dev folder with --data.")
    }

    @OptionGroup var common: CommonOptions
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

    func run() async throws {
        try await reporting {
            guard lifetime > 0 else { throw Misconfigured("--lifetime must be positive") }
            var settings = try await common.settings()
            if let data { (settings.keysFile, settings.keys) = (nil, try DataFolder(path: data).keys()) }
            let issuer = try TokenIssuer(
                keys: try await settings.keySet(), issuer: settings.issuer ?? P.name, audience: settings.audience ?? P.name)
            Printing(json: false).line(
                try issuer.issue(subject: subject, roles: role, tenant: tenant, lifetime: .seconds(lifetime)))
        }
    }
}
