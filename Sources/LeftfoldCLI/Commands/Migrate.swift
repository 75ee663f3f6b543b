import ArgumentParser
import Foundation
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldService

struct Migrate<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "migrate", abstract: "Bring the database up to date.",
            discussion: "Forward only, safe to run at any time and from many places at once. Creates missing read tables, too.")
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Option(name: .long, help: "Wait this many seconds for the database to answer.")
    var wait = 60
    @Flag(name: .long, help: "Only say what would be done; status 3 if there is something.")
    var check = false

    func run() async throws {
        try await reporting {
            let settings = try await common.settings()
            let configuration = try settings.connection(for: P.name)
            try await awaitDatabase(configuration)
            let migrator = Migrator(configuration, log: settings.log)
            let printing = Printing(json: output.json)
            if check {
                let pending = try await migrator.pending()
                for migration in pending { try printing.object(migration, text: "pending: \(migration.number) \(migration.name)") }
                if !pending.isEmpty { throw ExitCode.foundProblems }
                printing.note("The database is up to date.")
                return
            }
            let applied = try await migrator.migrate()
            for migration in applied { try printing.object(migration, text: "applied: \(migration.number) \(migration.name)") }
            try await common.assembled(P.self) { try await $0.database.createReadTables($0.composition.projections) }
            printing.note("The database is up to date.")
        }
    }

    private func awaitDatabase(_ configuration: ConnectionConfiguration) async throws {
        let deadline = ContinuousClock.now + .seconds(wait)
        while true {
            do throws(PostgresError) {
                return await (try Connection.connect(configuration)).close()
            } catch {
                guard error.isConnectionFailure, ContinuousClock.now < deadline else { throw error }
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}
