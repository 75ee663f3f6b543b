import Tracing

/// The entry for queries, by type and by name. Around each: tracing, metrics, authorization, validation; then layers of your
/// own; then the cache, the limits and the handler.
public struct QueryBus: Sendable {
    /// Names that `ask(named:json:_:)` accepts.
    public var names: [String] { types.keys.sorted() }
    /// The queries themselves, in the order of their names.
    package var registeredTypes: [any Query.Type] { names.compactMap { types[$0] } }

    /// What the cursors of queries and answers are sealed with on the wire; nil: they are plain.
    public let cursors: CursorSeal?

    private let types: [String: any Query.Type]
    /// The `QueryDesk` of each type.
    private let desks: [ObjectIdentifier: any AnyObject & Sendable]
    private let authorization: Authorization
    private let middleware: [any QueryMiddleware]

    /// - Parameters:
    ///   - policy: who may ask what.
    ///   - handlers: one for each query. Two for one name trap: it is a mistake of the programmer.
    ///   - cache: keeps answers of handlers whose answers may be kept. Made for the database that they read; nil: every query is read.
    ///   - middleware: layers of your own, outermost first, inside the standard ones. They see every ask, also what the cache answers.
    ///   - cursors: seals the cursors that leave the process.
    public init(
        policy: any Policy, handlers: [QueryHandler], cache: QueryCache? = nil, middleware: [any QueryMiddleware] = [],
        cursors: CursorSeal? = nil
    ) {
        self.cursors = cursors
        types = Dictionary(handlers.map { ($0.query.name, $0.query) }) { a, _ in
            preconditionFailure("two queries are named \(a.name)")
        }
        desks = Dictionary(
            uniqueKeysWithValues: handlers.map { (ObjectIdentifier($0.query), Self.desk($0.query, $0, cache, cursors)) })
        authorization = Authorization(policy: policy)
        self.middleware = middleware
    }

    private static func desk<Q: Query>(
        _ query: Q.Type, _ handler: QueryHandler, _ cache: QueryCache?, _ cursors: CursorSeal?
    ) -> any AnyObject & Sendable {
        guard let function = handler.function as? AnswerFunction<Q> else { preconditionFailure("the handler is for \(handler.query)") }
        return QueryDesk<Q>(function, cache, cursors)
    }

    private func registered<Q: Query>(_ query: Q.Type) -> QueryDesk<Q>? {
        // Under the identifier of a type stands the desk of that type and no other: a cast would ask the runtime each time.
        desks[ObjectIdentifier(query)].map { unsafeDowncast($0, to: QueryDesk<Q>.self) }
    }

    private func desk<Q: Query>(for query: Q.Type) throws -> QueryDesk<Q> {
        if let desk = registered(query) { return desk }
        if let other = types[Q.name] { preconditionFailure("the handler of \(Q.name) is for \(other), not for \(Q.self)") }
        throw UnknownName.query(Q.name)
    }

    /// Throws a ``Refusal``, or a fault.
    public func ask<Q: Query>(_ query: Q, _ context: QueryContext) async throws -> Answered<Q.Answer> {
        let desk = try desk(for: Q.self)
        if let answered = find(query, context, desk) { return answered }
        return try await TracingMiddleware().handle(query, context) { query, context in
            let start = ContinuousClock.now
            do {
                var context = try authorization.admit(Q.self, context)
                try query.validate()
                context.deadline = min(context.deadline ?? start + Q.timeout, start + Q.timeout)
                let answered = try await middleware.handle(query, context) { try await desk.answer($0, $1) }
                desk.meters.answered(since: start, answered.cache)
                return answered
            } catch {
                desk.meters.failed(since: start, error)
                throw error
            }
        }
    }

    /// The kept answer, at once, if it is true now; nil if it has to be asked for, whatever the reason. Never waits: it may be called on
    /// an event loop.
    package func find<Q: Query>(_ query: Q, _ context: QueryContext) -> Answered<Q.Answer>? {
        guard let desk = registered(Q.self) else { return nil }
        return find(query, context, desk)
    }

    private func find<Q: Query>(_ query: Q, _ context: QueryContext, _ desk: QueryDesk<Q>) -> Answered<Q.Answer>? {
        // Layers of one's own, and a tracer, are to see every answer.
        guard middleware.isEmpty, InstrumentationSystem.tracer is NoOpTracer else { return nil }
        let start = ContinuousClock.now
        guard let context = try? authorization.admit(Q.self, context), (try? query.validate()) != nil,
            let answered = desk.find(query, context, at: start)
        else { return nil }
        desk.meters.answered(since: start, .hit)
        return answered
    }

    /// Throws unless the principal may ask queries of this name, all or for what is their own: ``Forbidden``, or ``UnknownName``. To be asked
    /// before anything else that a client sent is read.
    public func admit(named name: String, _ context: QueryContext) throws {
        guard let type = type(named: name) else { throw UnknownName.query(name) }
        try admit(type, context)
    }

    package func admit<Q: Query>(_ query: Q.Type, _ context: QueryContext) throws {
        let start = ContinuousClock.now
        do throws(Forbidden) {
            _ = try authorization.admit(query, context)
        } catch {
            registered(query)?.meters.failed(since: start, error)
            throw error
        }
    }

    private func type(named name: String) -> (any Query.Type)? {
        // Longer ones are not even looked up: it would hash a stranger's text.
        name.utf8.count <= CommandBus.maximumNameLength ? types[name] : nil
    }

    /// A query from the wire: its name and its JSON. Rights are asked first. The answer is JSON.
    public func ask(named name: String, json: [UInt8], _ context: QueryContext) async throws -> Answered<[UInt8]> {
        try await ask(named: name, json: json, context, decoded: {})
    }

    /// - Parameter decoded: is told when the JSON was taken apart.
    package func ask(
        named name: String, json: [UInt8], _ context: QueryContext, decoded: () -> Void
    ) async throws -> Answered<[UInt8]> {
        guard let type = type(named: name) else { throw UnknownName.query(name) }
        return try await ask(type, json, context, decoded)
    }

    private func ask<Q: Query>(
        _ type: Q.Type, _ json: [UInt8], _ context: QueryContext, _ decoded: () -> Void
    ) async throws -> Answered<[UInt8]> {
        try admit(type, context)
        let query = try StrictJSON.decode(Q.self, from: json, cursors: cursors)
        decoded()
        let answered = try await ask(query, context)
        var bytes = Answered(try answered.json(), at: answered.position)
        bytes.cache = answered.cache
        return bytes
    }
}
