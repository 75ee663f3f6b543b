/// Lets the whole of a command be answered again where the log goes over to another server meanwhile: it is decided on what there is now, and a
/// refusal is on record in the epoch that it was decided in.
struct RetryInNewEpoch: CommandMiddleware {
    private static let attempts = 3

    func handle<C: Command>(
        _ command: C, _ context: CommandContext, next: @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt {
        for _ in 1..<Self.attempts {
            do { return try await next(command, context) } catch is EpochEnded {}
        }
        do {
            return try await next(command, context)
        } catch let ended as EpochEnded {
            throw Unavailable(ended.message)
        }
    }
}
