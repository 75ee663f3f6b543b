import Foundation

/// The entry for commands, by type and by name. Around each: tracing, metrics, journal, authorization, validation, retry.
///
/// These layers are not optional: a bus that forgot the journal or the policy cannot be built. Layers of your own stand inside them.
public struct CommandBus: Sendable {
    /// Names that `send(named:json:_:)` accepts.
    public var names: [String] { registered.keys.sorted() }
    /// The commands themselves, in the order of their names.
    package var types: [any Command.Type] { names.compactMap { registered[$0] } }

    /// The epochs of the log.
    public var history: LogHistory { decider.store.history }

    let decider: Decider
    private let journal: Journaling
    private let authorization: Authorization
    private let metrics = MetricsMiddleware()
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
        authorization = Authorization(policy: policy)
        self.middleware =
            [
                TracingMiddleware(), metrics, RetryInNewEpoch(), JournalMiddleware(journal: journal), authorization, ValidationMiddleware(),
                RetryOnConflict(attempts: attempts),
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
        // No work is done on what will be denied: normalizing costs more than the question.
        let isAdmitted = (try? authorization.admit(C.self, context.principal)) != nil
        return try await middleware.handle(isAdmitted ? command.normalized() : command, context) { command, context in
            // The epoch before anything is read: what is read may be of an earlier one only, and is then refused.
            let epoch = await decider.store.history.current()
            let record = CommandRecord(
                name: C.name, context: context, content: try CommandContent.of(command, context), epoch: epoch)
            return try await decider.decide(try await prepare(command, context), record)
        }
    }

    private func prepare<C: Command>(_ command: C, _ context: CommandContext) async throws -> C {
        guard let handler = handlers[C.name], let preparation = handler.preparation as? Preparation<C> else { return command }
        return try await preparation.run(command, context)
    }
}

extension CommandBus {
    /// Throws unless the principal may send commands of this name: ``Forbidden``, or ``UnknownName``. To be asked before anything else that
    /// a client sent is read. The refusal is on record (I8), under an id of its own: the command id stays free.
    public func admit(named name: String, _ context: CommandContext) async throws { _ = try await type(named: name, admitting: context) }

    private func type(named name: String, admitting context: CommandContext) async throws -> any Command.Type {
        guard let type = registered(named: name) else { try await refuse(UnknownName.command(name), named: name, context) }
        let start = ContinuousClock.now
        do throws(Forbidden) {
            try authorization.admit(type, context.principal)
        } catch {
            metrics.count(error, of: type.name, since: start)
            try await refuse(error, named: type.name, context)
        }
        return type
    }

    private func registered(named name: String) -> (any Command.Type)? {
        // Longer ones are not even looked up: it would hash a stranger's text.
        name.utf8.count <= Self.maximumNameLength ? registered[name] : nil
    }

    /// In bytes.
    static let maximumNameLength = 255

    /// A command from the wire: its name and its JSON. Rights are asked first; then unknown fields, repeated fields and unknown names are
    /// refused, and the refusal is on record like any other (I8).
    public func send(named name: String, json: [UInt8], _ context: CommandContext) async throws -> Receipt {
        try await send(named: name, json: json, fields: [], defaults: [], context)
    }

    /// - Parameters:
    ///   - fields: what is said elsewhere than in the JSON, and must not be said there again.
    ///   - defaults: what counts where the JSON does not say it.
    ///   - decoded: is told when the JSON was taken apart, whatever came of it.
    package func send(
        named name: String, json: [UInt8], fields: [(name: String, value: JSONText)], defaults: [(name: String, value: JSONText)],
        _ context: CommandContext, decoded: () -> Void = {}
    ) async throws -> Receipt {
        let type = try await type(named: name, admitting: context)
        let command: any Command
        do {
            defer { decoded() }
            command = try StrictJSON.decode(type, from: try InspectedJSON(json).adding(fields, defaults: defaults))
        } catch {
            return try await refuse(error, named: type.name, content: JSONObject.inserting(fields, into: json), context)
        }
        return try await send(command, context)
    }

    /// The command of this name that the JSON holds, without sending it.
    public func decode(named name: String, json: [UInt8]) throws -> any Command {
        guard let type = registered(named: name) else { throw UnknownName.command(name) }
        return try StrictJSON.decode(type, from: json)
    }

    /// Puts a refusal on record that is the answer to a command that could not be read, and throws it. From now on the command id stands for
    /// this content and this answer.
    public func refuse(
        _ refusal: any Refusal, named name: String, content: [UInt8], _ context: CommandContext
    ) async throws -> Receipt {
        let name = Self.journaled(name)
        let record = CommandRecord(name: name, context: context, content: CommandContent.raw(named: name, content, context))
        return try await journal.record(refusal, of: record, for: [])
    }

    /// Puts a refusal on record that came before the whole of a command was there, such as a body that was cut, and throws it. The row has
    /// an id of its own: the command id stays free for the true command.
    public func refuse(_ refusal: any Refusal, named name: String, _ context: CommandContext) async throws -> Never {
        try await journal.note(refusal, named: Self.journaled(name), context, for: [])
    }

    /// A stranger's text: bounded, and without the zero that PostgreSQL cannot store.
    private static func journaled(_ name: String) -> String {
        let name = String(String.UnicodeScalarView(name.unicodeScalars.prefix(64).filter { $0.properties.generalCategory != .control }))
        return name.isEmpty ? "?" : name
    }
}
