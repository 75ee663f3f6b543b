import ArgumentParser
import Foundation
import Leftfold
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
                database that is away; not where waiting cannot help, as with a wrong password. What its own role may not do it says before \
                it does anything, with the statements that help.

                --roles makes roles of the database that cannot log in: PREFIX_owner (migrate), PREFIX_service (serve, send, ask, import), \
                PREFIX_projector (project, rebuild), PREFIX_operator (doctor, events, journal, projections, rebuild), PREFIX_reader and \
                PREFIX_writer. They get the log, the read tables and exactly the rights that are theirs; the roles that processes log in as \
                become members: --grant service=NAME, or GRANT. Later migrations keep the rights complete.
                """)
    }

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @Option(name: .long, help: "Wait this many seconds for the database to answer.")
    var wait = 60
    @Flag(name: .long, help: "Only say what would be done; status 3 if there is something.")
    var check = false
    @Flag(name: .long, help: "Make the log's roles of the database, too, and give them exactly their rights.")
    var roles = false
    @Option(name: .long, help: ArgumentHelp("What the names of the roles begin with; the log's name unless given.", valueName: "prefix"))
    var rolePrefix: String?
    @Option(
        name: .long,
        help: ArgumentHelp("Make a role that is there a member: service=NAME, projector=NAME, …; repeat for more.", valueName: "role=name"))
    var grant: [String] = []

    func validate() throws {
        try require("--wait", wait, in: 0...86_400)
        if !roles, rolePrefix != nil || !grant.isEmpty { throw ValidationError("--role-prefix and --grant go with --roles.") }
        if let rolePrefix, rolePrefix.isEmpty || rolePrefix.utf8.count > 53 || rolePrefix.utf8.contains(0) {
            throw ValidationError("--role-prefix must have 1 to 53 bytes.")
        }
        _ = try members()
    }

    private func members() throws -> [(login: String, role: DatabaseRole)] {
        try grant.map { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let role = DatabaseRole(rawValue: parts[0]), !parts[1].isEmpty, !parts[1].utf8.contains(0) else {
                throw ValidationError(
                    "--grant takes a role, = and the name of a member; roles are \(DatabaseRole.allCases.map(\.rawValue).joined(separator: ", "))."
                )
            }
            return (parts[1], role)
        }
    }

    func run() async throws {
        let settings = try common.settings()
        let configuration = try settings.connection(for: P.name)
        try await DatabaseWait(configuration, atMost: .seconds(wait), logger: Logger(P.name, settings)) { text in
            LogOutput.standardError.write(output.json ? Failure.note("waiting", text) : text + "\n")
        }.run()
        let migrator = Migrator(configuration, log: settings.log)
        let printing = Printing(json: output.json)
        let wanted = roles ? DatabaseRoles(prefix: rolePrefix, members: try members()) : nil
        try await common.assembled(P.self) { assembly in
            let projections = assembly.composition.projections
            if check { return try await say(migrator, projections, wanted, printing) }
            try await migrator.checkRights(projections: projections.map { $0.name }, roles: wanted)
            let applied = try await migrator.migrate()
            for migration in applied { try printing.object(migration, text: "applied: \(migration.number) \(migration.name)") }
            if let wanted {
                for role in try await migrator.setUpRoles(wanted) {
                    try printing.object(role, text: "\(role.created ? "created" : "kept"): \(role.role), for \(role.purpose)")
                }
            }
            try await assembly.database.createReadTables(projections)
            try printing.note("The database is up to date.")
        }
    }

    private func say(
        _ migrator: Migrator, _ projections: [any PostgresProjection], _ wanted: DatabaseRoles?, _ printing: Printing
    ) async throws {
        let pending = try await migrator.pending()
        for migration in pending { try printing.object(migration, text: "pending: \(migration.number) \(migration.name)") }
        try await migrator.checkRights(projections: projections.map { $0.name }, roles: wanted)
        if !pending.isEmpty { throw ExitCode.foundProblems }
        try printing.note("The database is up to date.")
    }
}
