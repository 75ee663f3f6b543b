/// Lets through only what is valid by itself.
struct ValidationMiddleware: CommandMiddleware, QueryMiddleware {
    func handle<C: Command>(
        _ command: C, _ context: CommandContext, next: @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt {
        try command.validate()
        return try await next(command, context)
    }

    func handle<Q: Query>(
        _ query: Q, _ context: QueryContext, next: @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>
    ) async throws -> Answered<Q.Answer> {
        try query.validate()
        return try await next(query, context)
    }
}
