/// Lets through only what is valid by itself.
struct ValidationMiddleware: CommandMiddleware {
    func handle<C: Command>(
        _ command: C, _ context: CommandContext, next: @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt {
        try command.validate()
        return try await next(command, context)
    }
}
