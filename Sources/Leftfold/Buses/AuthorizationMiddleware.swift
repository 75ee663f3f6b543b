/// Asks the policy. What it does not grant is denied, here and nowhere else, so that HTTP and the CLI share one rule.
struct AuthorizationMiddleware: CommandMiddleware, QueryMiddleware {
    let policy: any Policy

    func handle<C: Command>(
        _ command: C, _ context: CommandContext, next: @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt {
        guard policy.allows(C.permission, for: context.principal) else { throw Forbidden(C.permission) }
        return try await next(command, context)
    }

    func handle<Q: Query>(
        _ query: Q, _ context: QueryContext, next: @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>
    ) async throws -> Answered<Q.Answer> {
        guard policy.allows(Q.permission, for: context.principal) else { throw Forbidden(Q.permission) }
        return try await next(query, context)
    }
}
