/// Decides again when another process was faster. A version that the client named, which is the first stream's, is never
/// retried: the client gets the conflict.
struct RetryOnConflict: CommandMiddleware {
    let attempts: Int

    func handle<C: Command>(
        _ command: C, _ context: CommandContext, next: @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt {
        for attempt in 1..<max(attempts, 1) {
            do {
                return try await next(command, context)
            } catch let error as WrongExpectedVersion where context.expectedVersions == nil || error.stream != command.target.streams.first
            {
                try await pause(after: attempt)
            } catch is ConditionFailed {
                try await pause(after: attempt)
            }
        }
        return try await next(command, context)
    }

    /// Full jitter, so that rivals do not meet again.
    private func pause(after attempt: Int) async throws {
        try await Task.sleep(for: .microseconds(Int.random(in: 0...(500 << min(attempt, 6)))))
    }
}
