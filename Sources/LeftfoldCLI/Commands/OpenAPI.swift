import ArgumentParser
import LeftfoldService

struct OpenAPI<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "openapi", abstract: "Print the contract of the HTTP API, in OpenAPI 3.1.",
            discussion: "What GET /openapi.json answers: one line of JSON, the same for the same program. Needs no database.")
    }

    @OptionGroup var common: CommonOptions

    func run() async throws {
        var settings = try common.settings()
        // It is not connected to.
        settings.databaseURL = settings.databaseURL ?? ""
        let contract = try await P.withAssembly(settings) { try $0.contract() }
        try Printing(json: true).json(contract)
    }
}
