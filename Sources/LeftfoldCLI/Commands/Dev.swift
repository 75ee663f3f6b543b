import ArgumentParser
import EmbeddedPostgres
import Foundation
import LeftfoldHTTP
import LeftfoldPostgres
import LeftfoldService
import Logging
import Metrics

struct Dev<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "dev", abstract: "Everything in one process, on a PostgreSQL of its own.",
            discussion: """
                Starts a private PostgreSQL in the data folder (or uses DATABASE_URL, if set), migrates, serves and projects, \
                and prints a token and commands to try. The next start goes on with the same data.
                """)
    }

    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "Address to listen on; HOST unless given.")
    var host: String?
    @Option(name: .shortAndLong, help: "Port to listen on; PORT unless given; 0 takes a free one.")
    var port: Int?
    @Option(name: .shortAndLong, help: ArgumentHelp("Folder for the database and the token keys.", valueName: "folder"))
    var data = ".leftfold"

    func run() async throws {
        try await reporting {
            var settings = try await common.settings()
            settings.host = host ?? settings.host
            settings.port = port ?? settings.port
            let logger = Logger(P.name, settings)
            let folder = try DataFolder(path: data)
            try await folder.whileLocked {
                if settings.databaseURL != nil { return try await run(settings, folder, logger) }
                logger.info("starting PostgreSQL", metadata: ["folder": "\(folder.database.path)"])
                let server = try await EmbeddedPostgres.start(dataDirectory: folder.database)
                settings.databaseURL = server.connectionString
                do {
                    try await run(settings, folder, logger)
                    try await server.stop()
                } catch {
                    try await server.stop()
                    throw error
                }
            }
        }
    }

    private func run(_ settings: Settings, _ folder: DataFolder, _ logger: Logger) async throws {
        var settings = settings
        if settings.keysFile == nil, settings.keys == nil { settings.keys = try folder.keys() }
        _ = try await Migrator(try settings.connection(for: P.name), log: settings.log).migrate()
        let operatorRoles = try await P.withAssembly(settings, logger: logger) { assembly in
            try await assembly.database.createReadTables(assembly.composition.projections)
            return assembly.composition.operatorRoles
        }
        let token = try TokenIssuer(
            keys: try await settings.keySet(), issuer: settings.issuer ?? P.name, audience: settings.audience ?? P.name
        ).issue(subject: "dev", roles: operatorRoles.sorted(), lifetime: .seconds(24 * 3600))
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        try await P.run([.serve, .project], settings: settings, metrics: metrics, logger: logger) { [settings] _, port in
            Self.greet(url: "\(settings.scheme)://\(settings.host):\(port)", token: token, databaseURL: settings.databaseURL ?? "")
        }
    }

    private static func greet(url: String, token: String, databaseURL: String) {
        let printing = Printing(json: false)
        printing.line(
            """

            \(P.name) is at \(url). In another shell:

              export URL=\(url)
              export TOKEN=\(token)
              export DATABASE_URL='\(databaseURL.replacingOccurrences(of: "'", with: "'\\''"))'
            """)
        if !P.examples.isEmpty { printing.line("\nThen try:\n") }
        // As it was called: it need not be on the PATH.
        let program = CommandLine.arguments[0]
        for example in P.examples {
            printing.line("  \(example.hasPrefix("\(P.name) ") ? program + example.dropFirst(P.name.count) : example)\n")
        }
        printing.line("Ctrl-C stops it; the data stays.\n")
    }
}
