import ArgumentParser
import Foundation
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldService
import Logging

struct Migrate<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "migrate", abstract: "Bring the database up to date.",
            discussion: """
                Forward only, safe to run at any time and from many places at once. Creates missing read tables, too. Waits for a \
                database that is away; not where waiting cannot help, as with a wrong password.
                """)
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Option(name: .long, help: "Wait this many seconds for the database to answer.")
    var wait = 60
    @Flag(name: .long, help: "Only say what would be done; status 3 if there is something.")
    var check = false

    func validate() throws { try require("--wait", wait, in: 0...86_400) }

    func run() async throws {
        let settings = try common.settings()
        let configuration = try settings.connection(for: P.name)
        try await DatabaseWait(configuration, atMost: .seconds(wait), logger: Logger(P.name, settings)) { text in
            LogOutput.standardError.write(output.json ? Failure.note("waiting", text) : text + "\n")
        }.run()
        let migrator = Migrator(configuration, log: settings.log)
        let printing = Printing(json: output.json)
        if check {
            let pending = try await migrator.pending()
            for migration in pending { try printing.object(migration, text: "pending: \(migration.number) \(migration.name)") }
            if !pending.isEmpty { throw ExitCode.foundProblems }
            try printing.note("The database is up to date.")
            return
        }
        let applied = try await migrator.migrate()
        for migration in applied { try printing.object(migration, text: "applied: \(migration.number) \(migration.name)") }
        try await common.assembled(P.self) { try await $0.database.createReadTables($0.composition.projections) }
        try printing.note("The database is up to date.")
    }
}
