/// A layer around every command. Layers are called outermost first; each calls `next` once, or more to retry, or not at
/// all to refuse.
public protocol CommandMiddleware: Sendable {
    func handle<C: Command>(
        _ command: C, _ context: CommandContext, next: @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt
}

extension Array where Element == any CommandMiddleware {
    func handle<C: Command>(
        _ command: C, _ context: CommandContext, innermost: @escaping @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt {
        try await self[...].handle(command, context, innermost: innermost)
    }
}

extension ArraySlice where Element == any CommandMiddleware {
    fileprivate func handle<C: Command>(
        _ command: C, _ context: CommandContext, innermost: @escaping @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt {
        guard let outermost = first else { return try await innermost(command, context) }
        let rest = dropFirst()
        return try await outermost.handle(command, context) { try await rest.handle($0, $1, innermost: innermost) }
    }
}
