public import ArgumentParser

/// The program: every subcommand, for one composition.
public struct ServiceCommand<C: Composition>: AsyncParsableCommand {
    public static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: C.name,
            abstract: C.abstract,
            discussion: """
                Begin with “\(C.name) dev”: it needs nothing but PostgreSQL's programs on this machine.

                Configured by the environment: DATABASE_URL (or DATABASE_URL_FILE), HOST, PORT, JWT_KEYS_FILE, LOG_LEVEL; \
                the README has the whole table.

                Exit status: 0 done; 1 failed; 3 ran and found problems; 64 wrong usage; 69 database unreachable; \
                78 wrong configuration.
                """,
            groupedSubcommands: [
                CommandGroup(name: "Running:", subcommands: [Dev<C>.self, Serve<C>.self, Project<C>.self, Migrate<C>.self]),
                CommandGroup(name: "Asking and telling:", subcommands: [Send<C>.self, Ask<C>.self, Import<C>.self]),
                CommandGroup(
                    name: "Looking:", subcommands: [Events<C>.self, Streams<C>.self, Commands<C>.self, Projections<C>.self, Doctor<C>.self]),
                CommandGroup(name: "Mending and keeping:", subcommands: [RebuildProjection<C>.self, Token<C>.self, Secrets<C>.self]),
                CommandGroup(name: "Of this service:", subcommands: C.additionalCommands),
            ])
    }

    public init() {}
}
