import Foundation

/// The entry for commands, by type and by name. Around each: tracing, metrics, journal, authorization, validation, retry.
///
/// These layers are not optional: a bus that forgot the journal or the policy cannot be built. Layers of your own stand inside them.
public struct CommandBus: Sendable {
    /// Names that `send(named:json:_:)` accepts.
    public var names: [String] { registered.keys.sorted() }
    /// The commands themselves, in the order of their names.
    package var types: [any Command.Type] { names.compactMap { registered[$0] } }

    let decider: Decider
    private let journal: Journaling
    private let middleware: [any CommandMiddleware]
    private let registered: [String: any Command.Type]
    private let handlers: [String: CommandHandler]

    /// Mistakes of the programmer trap: two commands of one name, two handlers for one command, a handler for a command
    /// that is not among `commands`.
    ///
    /// - Parameters:
    ///   - store: the log.
    ///   - policy: who may do what.
    ///   - commands: what may be sent.
    ///   - handlers: for commands that need an outside fact before they can be decided.
    ///   - cache: recently used aggregates.
    ///   - attempts: how often a command is decided at most when other processes write to the same stream.
    ///   - middleware: layers of your own, outermost first, inside the standard ones.
    public init(
        store: any EventStore, policy: any Policy, commands: [any Command.Type], handlers: [CommandHandler] = [],
        cache: AggregateCache = AggregateCache(), attempts: Int = 10, middleware: [any CommandMiddleware] = []
    ) {
        decider = Decider(store: store, loader: AggregateLoader(store: store, cache: cache))
        journal = Journaling(store: store)
        self.middleware =
            [
                TracingMiddleware(), MetricsMiddleware(), JournalMiddleware(journal: journal), Authorization(policy: policy),
                ValidationMiddleware(), RetryOnConflict(attempts: attempts),
            ] + middleware
        registered = Dictionary(commands.map { ($0.name, $0) }) { a, _ in preconditionFailure("two commands are named \(a.name)") }
        self.handlers = Dictionary(handlers.map { ($0.command.name, $0) }) { a, _ in
            preconditionFailure("two handlers are for \(a.command.name)")
        }
        for (name, handler) in self.handlers {
            precondition(registered[name] == handler.command, "the handler is for \(handler.command), which is not among the commands")
        }
    }

    /// Returns when the command's events and its journal row are committed. Throws a ``Refusal`` that is on record, or a
    /// fault. A command that is not among the registered ones traps.
    public func send<C: Command>(_ command: C, _ context: CommandContext) async throws -> Receipt {
        precondition(registered[C.name] == C.self, "\(C.self) is not among the commands of this bus")
        return try await middleware.handle(command.normalized(), context) { command, context in
            let record = CommandRecord(name: C.name, context: context, content: try CommandContent.of(command, context))
            return try await decider.decide(try await prepare(command, context), record)
        }
    }

    private func prepare<C: Command>(_ command: C, _ context: CommandContext) async throws -> C {
        guard let handler = handlers[C.name], let preparation = handler.preparation as? Preparation<C> else { return command }
        return try await preparation.run(command, context)
    }
}

extension CommandBus {
    /// A command from the wire: its name and its JSON. Unknown fields, repeated fields and unknown names are refused,
    /// and the refusal is on record like any other (I8).
    public func send(named name: String, json: [UInt8], _ context: CommandContext) async throws -> Receipt {
        guard let type = registered[name] else {
            return try await refuse(UnknownName.command(name), named: name, content: json, context)
        }
        return try await send(type, json, context)
    }

    /// The command of this name that the JSON holds, without sending it.
    public func decode(named name: String, json: [UInt8]) throws -> any Command {
        guard let type = registered[name] else { throw UnknownName.command(name) }
        return try StrictJSON.decode(type, from: json)
    }

    private func send<C: Command>(_ type: C.Type, _ json: [UInt8], _ context: CommandContext) async throws -> Receipt {
        let command: C
        do {
            command = try StrictJSON.decode(C.self, from: json)
        } catch {
            return try await refuse(error, named: C.name, content: json, context)
        }
        return try await send(command, context)
    }

    /// Puts a refusal on record that came before there was a command, such as a body that is too large, and throws it.
    public func refuse(
        _ refusal: any Refusal, named name: String, content: [UInt8], _ context: CommandContext
    ) async throws -> Receipt {
        // A stranger's text: bounded, and without the zero that PostgreSQL cannot store.
        let journaled = String(
            String.UnicodeScalarView(name.unicodeScalars.prefix(64).filter { $0.properties.generalCategory != .control }))
        let record = CommandRecord(
            name: journaled.isEmpty ? "?" : journaled, context: context, content: CommandContent.raw(named: name, content, context))
        return try await journal.record(refusal, of: record, for: [])
    }
}
