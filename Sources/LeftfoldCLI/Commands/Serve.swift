import ArgumentParser
import LeftfoldService

struct Serve<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "serve", abstract: "Answer HTTP.",
            discussion: "Run as many as you like. Stops on SIGTERM, SIGHUP or Ctrl-C after the requests under way are answered.")
    }

    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "Address to listen on; HOST unless given.")
    var host: String?
    @Option(name: .shortAndLong, help: "Port to listen on; PORT unless given; 0 takes a free one.")
    var port: Int?

    func validate() throws { try require("--port", port, in: Ranges.port) }

    func run() async throws {
        var settings = try common.settings()
        settings.host = host ?? settings.host
        settings.port = port ?? settings.port
        try await P.runProcess(.serve, settings)
    }
}
