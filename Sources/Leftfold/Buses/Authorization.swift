/// Asks the policy. What it does not grant is denied, here and nowhere else, so that HTTP and the CLI share one rule.
struct Authorization: CommandMiddleware {
    let policy: any Policy

    func handle<C: Command>(
        _ command: C, _ context: CommandContext, next: @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt {
        try admit(C.self, context.principal)
        return try await next(command, context)
    }

    func admit<C: Command>(_ command: C.Type, _ principal: Principal) throws(Forbidden) {
        guard policy.allows(C.permission, for: principal) else { throw Forbidden(C.permission) }
    }

    /// The context of a query whose principal may ask it, all or only for what is their own.
    func admit<Q: Query>(_ query: Q.Type, _ context: QueryContext) throws(Forbidden) -> QueryContext {
        var context = context
        context.own = nil
        if policy.allows(Q.permission, for: context.principal) { return context }
        guard let permission = Q.ownPermission, policy.allows(permission, for: context.principal) else { throw Forbidden(Q.permission) }
        context.own = context.principal
        return context
    }
}
