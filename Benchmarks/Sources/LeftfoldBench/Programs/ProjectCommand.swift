import ArgumentParser
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldUsersReadModel
import ServiceLifecycle

/// The projector in its own process, for the latency suite.
struct ProjectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "project", shouldDisplay: false)

    func run() async throws {
        // The connection is told by libpq's environment variables.
        let database = LeftfoldDatabase(try ConnectionConfiguration(""), logger: Console.logger)
        let projector = Projector(UserDirectory(), in: database, logger: Console.logger)
        let services = ServiceGroup(services: [database, projector], logger: Console.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            await Companion.inputEnds()
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }
}
