import ArgumentParser
import LeftfoldPostgres
import Logging
import ServiceLifecycle

struct Project<C: Composition>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "project", abstract: "Keep the read tables up to date.",
            discussion: """
                Run one; run more and the others stand by. Stops on SIGTERM or Ctrl-C after the batch under way. \
                Killed at any moment, the next one goes on where the last transaction committed.
                """)
    }

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await reporting {
            let settings = try await common.settings()
            let logger = Logger.forProgram(C.name, level: settings.logLevel)
            let assembly = try Assembly<C>(settings, logger: logger)
            try await serviceGroup([assembly.database] + assembly.projectors(settings), logger: logger).run()
        }
    }
}
