/// Decides again when another process was faster. A version that the client named is never retried: the client gets the conflict.
struct RetryOnConflict: CommandMiddleware {
    let attempts: Int

    func handle<C: Command>(
        _ command: C, _ context: CommandContext, next: @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt {
        for attempt in 1..<max(attempts, 1) {
            do {
                return try await next(command, context)
            } catch let error where error is WrongExpectedVersion && context.expectedVersion == nil || error is ConditionFailed {
                // Full jitter, so that rivals do not meet again.
                try await Task.sleep(for: .microseconds(Int.random(in: 0...(500 << min(attempt, 6)))))
            }
        }
        return try await next(command, context)
    }
}
