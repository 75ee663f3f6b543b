import ArgumentParser
import Foundation
import LeftfoldService

/// The program of a service: every subcommand.
///
/// ```swift
/// await ServiceCommand<Bank>.main()
/// ```
///
/// This works in `main.swift` and within `@main` alike. (It is no `ParsableCommand` itself: at the top level of `main.swift` the
/// compiler takes the synchronous `main()` that those have, which ends the program.)
public enum ServiceCommand<P: CommandLineProgram> {
    /// Runs the subcommand that the arguments name, and ends the process with its exit status.
    ///
    /// The process is the program's from then on: a standard stream that is closed is replaced, SIGPIPE is ignored, and variables
    /// that libpq would read besides `DATABASE_URL` are taken out of the environment.
    ///
    /// - Parameter arguments: the program's own unless given.
    public static func main(_ arguments: [String]? = nil) async {
        StandardStreams.prepare()
        LibpqEnvironment.clear()
        let status = await run(arguments)
        LogOutput.standardError.flush()
        exit(status.rawValue)
    }

    private static func run(_ arguments: [String]?) async -> ExitCode {
        var json = false
        do {
            let arguments = try arguments ?? Arguments.ofProcess()
            json = arguments.contains("--json")
            var command = try await RootCommand<P>.asyncParseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
            return .success
        } catch {
            return end(error, json: json)
        }
    }

    /// What is thrown is a failure, a status that was told already, or no failure at all: `--help` is thrown, too.
    private static func end(_ error: any Error, json: Bool) -> ExitCode {
        if let status = error as? ExitCode { return status }
        var error = error
        if RootCommand<P>.exitCode(for: error) == .success {
            do {
                try StandardOutput.write(RootCommand<P>.fullMessage(for: error) + "\n")
                return .success
            } catch let lost {
                error = lost
            }
        }
        let failure = Failure(error, usage: RootCommand<P>.self)
        failure.tell(json: json)
        return failure.status
    }
}

struct RootCommand<P: CommandLineProgram>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: P.name,
            abstract: P.abstract,
            discussion: """
                Begin with “\(P.name) dev”: it needs nothing but PostgreSQL's programs on this machine.

                Configured by the environment: DATABASE_URL (or DATABASE_URL_FILE), HOST, PORT, JWT_KEYS_FILE, LOG_LEVEL; \
                the README has the whole table.

                Completion for a shell: --generate-completion-script bash, zsh or fish.

                Exit status: 0 done; 1 failed; 3 ran and found problems; 64 wrong usage; 69 database unreachable; \
                74 output failed; 78 wrong configuration; 128 and the signal's number if stopped by one (Ctrl-C: 130).
                """,
            version: P.version,
            groupedSubcommands: [
                CommandGroup(name: "Running:", subcommands: [Dev<P>.self, Serve<P>.self, Project<P>.self, Migrate<P>.self]),
                CommandGroup(name: "Asking and telling:", subcommands: [Send<P>.self, Ask<P>.self, Import<P>.self]),
                CommandGroup(
                    name: "Looking:",
                    subcommands: [Events<P>.self, Streams<P>.self, Journal<P>.self, Projections<P>.self, Doctor<P>.self, OpenAPI<P>.self]),
                CommandGroup(
                    name: "Mending and keeping:",
                    subcommands: [RebuildProjection<P>.self, Token<P>.self, NewAPIKey<P>.self, Secrets<P>.self]),
                CommandGroup(name: "Of this service:", subcommands: P.additionalCommands),
            ])
    }
}
