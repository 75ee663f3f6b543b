import ArgumentParser
import EmbeddedPostgres
import Foundation
import LeftfoldDriver
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
                Starts a private PostgreSQL in the data folder, migrates, serves and projects, and prints a token and commands to \
                try. The next start goes on with the same data. DATABASE_URL is not used: one that is left over from another \
                folder must not lead there. For a database of your own there are serve and project.
                """)
    }

    @OptionGroup var common: CommonOptions
    @Option(name: .long, help: "Address to listen on; HOST unless given.")
    var host: String?
    @Option(name: .shortAndLong, help: "Port to listen on; PORT unless given; 0 takes a free one.")
    var port: Int?
    @Option(name: .shortAndLong, help: ArgumentHelp("Folder for the database and the token keys.", valueName: "folder"))
    var data = ".leftfold"
    @Option(
        name: .long,
        help: ArgumentHelp("Write URL, TOKEN and DATABASE_URL to this file, to source in a shell; only you can read it.", valueName: "file")
    )
    var writeEnv: String?

    func validate() throws { try require("--port", port, in: Ranges.port) }

    func run() async throws {
        var settings = try common.settings()
        settings.host = host ?? settings.host
        settings.port = port ?? settings.port
        let logger = Logger(P.name, settings)
        let folder = try DataFolder(path: data)
        let environmentFile = try writeEnv.map { try EnvironmentFileWriter(path: $0) }
        if settings.databaseURL != nil {
            logger.warning("DATABASE_URL is not used: dev has a database of its own", metadata: ["folder": "\(folder.url.path)"])
        }
        try await folder.whileLocked {
            logger.info("starting PostgreSQL", metadata: ["folder": "\(folder.database.path)"])
            let (server, signal) = try await interruptible(leaving: Self.stopped) { [folder] in
                try await EmbeddedPostgres.start(dataDirectory: folder.database)
            }
            (settings.databaseURL, settings.readDatabaseURL, settings.listenDatabaseURL) = (server.connectionString, nil, nil)
            settings.pooler = .none
            do {
                if let signal { throw Interrupted(signal: signal, leaving: Self.stopped) }
                try await run(settings, folder, environmentFile, logger)
                try await server.stop()
            } catch {
                try await server.stop()
                throw error
            }
        }
    }

    private static var stopped: String { "PostgreSQL is stopped; the data stays" }

    private func run(
        _ settings: Settings, _ folder: DataFolder, _ environmentFile: EnvironmentFileWriter?, _ logger: Logger
    ) async throws {
        var settings = settings
        if settings.keysFile == nil, settings.keys == nil { settings.keys = try folder.keys() }
        let (token, signal) = try await interruptible(leaving: Self.stopped) { [settings] in
            try await Self.prepare(settings, logger)
        }
        if let signal { throw Interrupted(signal: signal, leaving: Self.stopped) }
        let metrics = PrometheusMetrics()
        MetricsSystem.bootstrap(metrics)
        try await P.run([.serve, .project], settings: settings, metrics: metrics, logger: logger) { [settings] _, port in
            let variables = [
                ("URL", webAddress(settings.scheme, host: settings.host, port: port)), ("TOKEN", token),
                ("DATABASE_URL", settings.databaseURL ?? ""),
            ]
            do {
                try environmentFile?.write(variables)
                try Self.greet(variables)
            } catch {
                // It goes on: whoever wants to know can ask for a token.
                logger.error("the settings cannot be told", metadata: ["error": "\(Failure(error, usage: Self.self).message)"])
            }
        }
    }

    /// Returns a token for whoever sits here.
    private static func prepare(_ settings: Settings, _ logger: Logger) async throws -> String {
        _ = try await Migrator(try settings.connection(for: P.name), log: settings.log).migrate()
        let operatorRoles = try await P.withAssembly(settings, logger: logger) { assembly in
            try await assembly.database.createReadTables(assembly.composition.projections)
            return assembly.composition.operatorRoles
        }
        return try TokenIssuer(
            keys: try await settings.keySet(), issuer: settings.issuer ?? P.name, audience: settings.audience ?? P.name
        ).issue(subject: "dev", roles: operatorRoles.sorted(), lifetime: .seconds(24 * 3600))
    }

    private static func greet(_ variables: [(name: String, value: String)]) throws {
        let printing = Printing(json: false)
        try printing.line("\n\(P.name) is at \(variables[0].value). In another shell:\n")
        for (name, value) in variables {
            let isPlain = value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"'\"\\$`&;()<>|*?~#![]{}".utf8.contains($0) }
            try printing.line("  export \(name)=\(isPlain ? value : "'\(value.replacing("'", with: #"'\''"#))'")")
        }
        if !P.examples.isEmpty { try printing.line("\nThen try:\n") }
        // As it was called: it need not be on the PATH.
        let program = CommandLine.arguments[0]
        for example in P.examples {
            try printing.line("  \(example.hasPrefix("\(P.name) ") ? program + example.dropFirst(P.name.count) : example)\n")
        }
        try printing.line("Ctrl-C stops it; the data stays.\n")
    }
}
