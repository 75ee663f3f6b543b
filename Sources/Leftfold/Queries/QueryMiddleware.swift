/// A layer around every query. Layers are called outermost first.
public protocol QueryMiddleware: Sendable {
    func handle<Q: Query>(
        _ query: Q, _ context: QueryContext, next: @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>
    ) async throws -> Answered<Q.Answer>
}

extension Array where Element == any QueryMiddleware {
    func handle<Q: Query>(
        _ query: Q, _ context: QueryContext,
        innermost: @escaping @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>
    ) async throws -> Answered<Q.Answer> {
        try await self[...].handle(query, context, innermost: innermost)
    }
}

extension ArraySlice where Element == any QueryMiddleware {
    fileprivate func handle<Q: Query>(
        _ query: Q, _ context: QueryContext,
        innermost: @escaping @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>
    ) async throws -> Answered<Q.Answer> {
        guard let outermost = first else { return try await innermost(query, context) }
        let rest = dropFirst()
        return try await outermost.handle(query, context) { try await rest.handle($0, $1, innermost: innermost) }
    }
}
