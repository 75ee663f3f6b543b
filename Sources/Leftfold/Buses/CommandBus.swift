import Foundation

/// The entry for commands, by type and by name. Around each: tracing, metrics, audit, authorization, validation, retry.
///
/// These layers are not optional: a bus that forgot the audit or the policy cannot be built. Layers of your own stand inside them.
public struct CommandBus: Sendable {
    /// Names that `send(named:json:_:)` accepts.
    public var names: [String] { registered.keys.sorted() }

    private let store: any EventStore
    private let cache: AggregateCache
    private let audit: Audit
    private let middleware: [any CommandMiddleware]
    private let registered: [String: any Command.Type]
    private let preparations: [String: any Preparing]
    let turns = StreamTurns()

    /// - Parameters:
    ///   - store: the log.
    ///   - policy: who may do what.
    ///   - commands: what may be sent by name. Two of the same name trap: it is a mistake of the programmer.
    ///   - handlers: for commands that need an outside fact before they can be decided.
    ///   - attempts: how often a command is decided at most when other processes write to the same stream.
    ///   - middleware: layers of your own, outermost first, inside the standard ones.
    public init(
        store: any EventStore, policy: any Policy, commands: [any Command.Type], handlers: [CommandHandler] = [],
        cache: AggregateCache = AggregateCache(), attempts: Int = 10, middleware: [any CommandMiddleware] = []
    ) {
        self.store = store
        self.cache = cache
        audit = Audit(store: store)
        self.middleware =
            [
                TracingMiddleware(), MetricsMiddleware(), AuditMiddleware(audit: audit), AuthorizationMiddleware(policy: policy),
                ValidationMiddleware(), RetryOnConflict(attempts: attempts),
            ] + middleware
        registered = Dictionary(commands.map { ($0.name, $0) }) { a, _ in preconditionFailure("two commands are named \(a.name)") }
        preparations = Dictionary(handlers.map { ($0.name, $0.preparation) }) { _, last in last }
    }

    /// Returns when the command's events and its journal row are committed. Throws a ``Refusal`` that is on record, or a
    /// fault.
    public func send<C: Command>(_ command: C, _ context: CommandContext) async throws -> Receipt {
        let command = command.normalized()
        var context = context
        context.content = try CommandContent.of(command, context)
        return try await middleware.handle(command, context) { try await execute($0, $1) }
    }

    /// The heart: load by replaying, decide, append what was decided if the stream is still where it was.
    private func execute<C: Command>(_ command: C, _ context: CommandContext) async throws -> Receipt {
        let decision = Decision(command: try await prepare(command, context), context: context)
        let stream = decision.command.target.name
        switch await turns.take(stream, decision) {
        case .answered(let answer): return try answer.get()
        case .yours: break
        }

        var unanswered: [StreamTurns.Waiting] = []
        defer { turns.pass(stream, puttingBack: unanswered) }
        let (known, isNewest) = try await load(for: C.self, stream)
        let (own, decidedOn) = try await decide(decision, on: known, isNewest: isNewest)

        // Those that wait are decided on what this one will have done, and go with it.
        var chain = DecisionChain(own)
        let followers = Followers(turns.followers(of: stream, atMost: DecisionChain.maximumLength - 1), joining: &chain)
        let results: [AppendResult]
        do {
            results = try await append(chain)
        } catch let error where error is Unavailable || error is OutcomeUnknown {
            followers.fail(error)
            throw error is OutcomeUnknown ? OutcomeUnknown(context.commandID) : error
        } catch {
            unanswered = followers.all
            throw error
        }
        if let end = chain.end(of: results) { cache.keep(end.state, end.version, for: stream) }
        unanswered = followers.answer(results, of: stream)

        let result = results.first ?? .predecessorNotAppended
        if case .wrongExpectedVersion(let actual) = result { try await catchUp(decidedOn, with: stream, at: actual) }
        return try result.receipt(for: own, of: stream)
    }

    private func append(_ chain: DecisionChain) async throws -> [AppendResult] {
        guard chain.links.count > 1 else { return [try await store.append(chain.links[0].request)] }
        do {
            return try await store.append(chain.requests)
        } catch  where !(error is Unavailable || error is OutcomeUnknown) {
            // One of them is something the store refuses as such. It stays behind, and fails alone when it has its turn.
            return try await store.appendOneByOne(chain.requests)
        }
    }

    /// Decides on the cached state. A no is believed only of the newest state: what another process wrote meanwhile
    /// would not be noticed otherwise, since a no appends nothing.
    private func decide<C: Command>(
        _ decision: Decision<C>, on known: Loaded<C.Target>, isNewest: Bool
    ) async throws -> (DecisionChain.Link, on: Loaded<C.Target>) {
        do {
            return (try decision.decide(on: known), known)
        } catch {
            if isNewest { throw error }
            let stream = decision.command.target.name
            let newest = try await replay(from: known, stream)
            if newest.version == known.version { throw error }
            cache.keep(newest.state, newest.version, for: stream)
            return try await decide(decision, on: newest, isNewest: true)
        }
    }

    private func load<C: Command>(for type: C.Type, _ stream: StreamName) async throws -> (Loaded<C.Target>, isNewest: Bool) {
        if let cached = cache.find(C.Target.self, stream) { return (cached, false) }
        // Without a cache the next attempt could not know better than this one.
        if C.opensStream, cache.isOn { return (Loaded(), false) }
        return (try await replay(from: Loaded(), stream), true)
    }

    /// Reads what others wrote meanwhile, and only that, for the next attempt.
    private func catchUp<A: Aggregate>(_ loaded: Loaded<A>, with stream: StreamName, at actual: StreamVersion) async throws {
        // A log that is shorter than what we know was restored to an earlier state.
        if actual < loaded.version { return cache.forget(stream) }
        let newest = try await replay(from: loaded, stream)
        cache.keep(newest.state, newest.version, for: stream)
    }

    private func replay<A: Aggregate>(from loaded: Loaded<A>, _ stream: StreamName) async throws -> Loaded<A> {
        var loaded = loaded
        for event in try await store.read(stream, after: loaded.version, limit: nil) {
            loaded.state.evolve(try EventCodec.decode(A.Event.self, from: A.upcasters.upcast(event)))
            loaded.version = event.version
        }
        return loaded
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
        var context = context
        context.content = CommandContent.raw(named: name, content, context)
        // A stranger's text: bounded, and without the zero that PostgreSQL cannot store.
        let journaled = name.unicodeScalars.prefix(64).filter { $0.properties.generalCategory != .control }
        return try await audit.record(refusal, of: String(String.UnicodeScalarView(journaled)), for: nil, context)
    }

    private func prepare<C: Command>(_ command: C, _ context: CommandContext) async throws -> C {
        guard let preparation = preparations[C.name] as? Preparation<C> else { return command }
        return try await preparation.run(command, context)
    }
}
