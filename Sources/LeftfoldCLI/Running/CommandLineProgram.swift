public import ArgumentParser
public import LeftfoldService

/// A service with the whole command line; hand it to ``ServiceCommand``. All but the abstract is optional.
public protocol CommandLineProgram: ServiceProgram {
    /// A sentence for `--help`.
    static var abstract: String { get }
    /// Commands to try, shown by `dev`; shell, with `$TOKEN` and `$URL` set.
    static var examples: [String] { get }
    /// The command that one CSV record of `import` stands for, as its name and the fields of its JSON. Nil: CSV is not taken.
    static func command(fromCSV record: [String: String]) -> (name: String, fields: [String: String])?
    /// Subcommands of the service's own.
    static var additionalCommands: [any ParsableCommand.Type] { get }
}

extension CommandLineProgram {
    public static var examples: [String] { [] }
    public static func command(fromCSV record: [String: String]) -> (name: String, fields: [String: String])? { nil }
    public static var additionalCommands: [any ParsableCommand.Type] { [] }
}
