import ArgumentParser
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
    /// Runs the subcommand that the arguments name, and ends the process with the exit status if it fails.
    ///
    /// - Parameter arguments: the program's own unless given.
    public static func main(_ arguments: [String]? = nil) async { await RootCommand<P>.main(arguments) }
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

                Exit status: 0 done; 1 failed; 3 ran and found problems; 64 wrong usage; 69 database unreachable; \
                78 wrong configuration.
                """,
            groupedSubcommands: [
                CommandGroup(name: "Running:", subcommands: [Dev<P>.self, Serve<P>.self, Project<P>.self, Migrate<P>.self]),
                CommandGroup(name: "Asking and telling:", subcommands: [Send<P>.self, Ask<P>.self, Import<P>.self]),
                CommandGroup(
                    name: "Looking:", subcommands: [Events<P>.self, Streams<P>.self, Journal<P>.self, Projections<P>.self, Doctor<P>.self]),
                CommandGroup(
                    name: "Mending and keeping:",
                    subcommands: [RebuildProjection<P>.self, Token<P>.self, NewAPIKey<P>.self, Secrets<P>.self]),
                CommandGroup(name: "Of this service:", subcommands: P.additionalCommands),
            ])
    }
}
