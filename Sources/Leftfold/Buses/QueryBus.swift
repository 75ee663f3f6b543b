/// The entry for queries, by type and by name. Around each: tracing, metrics, authorization, validation.
public struct QueryBus: Sendable {
    /// Names that `ask(named:json:_:)` accepts.
    public var names: [String] { handlers.keys.sorted() }

    /// What the cursors of queries and answers are sealed with on the wire; nil: they are plain.
    public let cursors: CursorSeal?

    private let handlers: [String: QueryHandler]
    private let middleware: [any QueryMiddleware]

    /// - Parameters:
    ///   - policy: who may ask what.
    ///   - handlers: one for each query. Two for one name trap: it is a mistake of the programmer.
    ///   - middleware: layers of your own, outermost first, inside the standard ones.
    ///   - cursors: seals the cursors that leave the process.
    public init(policy: any Policy, handlers: [QueryHandler], middleware: [any QueryMiddleware] = [], cursors: CursorSeal? = nil) {
        self.cursors = cursors
        self.handlers = Dictionary(handlers.map { ($0.query.name, $0) }) { a, _ in
            preconditionFailure("two queries are named \(a.query.name)")
        }
        self.middleware =
            [TracingMiddleware(), MetricsMiddleware(), AuthorizationMiddleware(policy: policy), ValidationMiddleware()] + middleware
    }

    public func ask<Q: Query>(_ query: Q, _ context: QueryContext) async throws -> Answered<Q.Answer> {
        guard let handler = handlers[Q.name] else { throw UnknownName.query(Q.name) }
        guard let function = handler.function as? AnswerFunction<Q> else {
            preconditionFailure("the handler of \(Q.name) is for \(handler.query), not for \(Q.self)")
        }
        return try await middleware.handle(query, context, innermost: function.run)
    }

    /// A query from the wire: its name and its JSON. The answer is JSON.
    public func ask(named name: String, json: [UInt8], _ context: QueryContext) async throws -> Answered<[UInt8]> {
        guard let handler = handlers[name] else { throw UnknownName.query(name) }
        return try await ask(handler.query, json, context)
    }

    private func ask<Q: Query>(_ type: Q.Type, _ json: [UInt8], _ context: QueryContext) async throws -> Answered<[UInt8]> {
        let answered = try await ask(try StrictJSON.decode(Q.self, from: json, cursors: cursors), context)
        return Answered(try StrictJSON.encode(answered.value, cursors: cursors), at: answered.position)
    }
}
