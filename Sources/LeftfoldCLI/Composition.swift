public import ArgumentParser
public import Leftfold
public import LeftfoldHTTP
public import LeftfoldPostgres

/// What a service is made of. Hand it to ``ServiceCommand`` and the service has its HTTP routes, its projector process
/// and the whole command line.
///
/// ```swift
/// await ServiceCommand<MyService>.main()
/// ```
public protocol Composition: Sendable {
    /// The program's name; also the issuer and audience of its tokens unless configured.
    static var name: String { get }
    /// A sentence for `--help`.
    static var abstract: String { get }
    /// Who may do what.
    static var policy: any Policy { get }
    /// What may be sent by name.
    static var commands: [any Command.Type] { get }
    /// For commands that need an outside fact.
    static var handlers: [CommandHandler] { get }
    static var projections: [any PostgresProjection] { get }
    /// What may be asked by name.
    static func queries(_ readModels: ReadModels) -> [QueryHandler]
    /// Resource routes beside `POST /commands/{Name}` and `POST /queries/{Name}`.
    static var routes: [Route] { get }
    /// Three commands to try, shown by `dev`; shell, with `$TOKEN` and `$URL` set.
    static var examples: [String] { get }
    /// The command that one CSV record of `import` stands for, as its name and the fields of its JSON. Nil: CSV is not taken.
    static func command(fromCSV record: [String: String]) -> (name: String, fields: [String: String])?
    /// Subcommands of the service's own.
    static var additionalCommands: [any ParsableCommand.Type] { get }
}

extension Composition {
    public static var handlers: [CommandHandler] { [] }
    public static var routes: [Route] { [] }
    public static var examples: [String] { [] }
    public static func command(fromCSV record: [String: String]) -> (name: String, fields: [String: String])? { nil }
    public static var additionalCommands: [any ParsableCommand.Type] { [] }
}
