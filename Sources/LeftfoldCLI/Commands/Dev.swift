import ArgumentParser
import EmbeddedPostgres
import Foundation
import Hummingbird
import LeftfoldHTTP
import LeftfoldPostgres
import Logging
import Metrics
import ServiceLifecycle

struct Dev<C: Composition>: AsyncParsableCommand {
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
            let logger = Logger.forProgram(C.name, level: settings.logLevel)
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
        _ = try await Migrator(try settings.database(for: C.name)).migrate()
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        let keys = try await settings.keysFile == nil && settings.keys == nil ? folder.keySet() : settings.keySet()
        let token = try TokenIssuer(keys: keys, issuer: settings.issuer ?? C.name, audience: settings.audience ?? C.name)
            .issue(subject: "dev", roles: ["admin"], lifetime: .seconds(24 * 3600))
        let assembly = try Assembly<C>(settings, logger: logger)
        try await assembly.database.createReadTables(C.projections)
        let databaseURL = settings.databaseURL ?? ""
        let host = settings.host
        let application = try assembly.edge(settings, keys: keys, metrics: metrics) { port in
            Self.greet(url: "http://\(host):\(port)", token: token, databaseURL: databaseURL)
        }
        try await serviceGroup([assembly.database] + assembly.projectors(settings) + [application], logger: logger).run()
    }

    private static func greet(url: String, token: String, databaseURL: String) {
        let printing = Printing(json: false)
        printing.line(
            """

            \(C.name) is at \(url). In another shell:

              export URL=\(url)
              export TOKEN=\(token)
              export DATABASE_URL='\(databaseURL.replacingOccurrences(of: "'", with: "'\\''"))'
            """)
        if !C.examples.isEmpty { printing.line("\nThen try:\n") }
        // As it was called: it need not be on the PATH.
        let program = CommandLine.arguments[0]
        for example in C.examples {
            printing.line("  \(example.hasPrefix("\(C.name) ") ? program + example.dropFirst(C.name.count) : example)\n")
        }
        printing.line("Ctrl-C stops it; the data stays.\n")
    }
}
