import Metrics

/// Counts and times commands by name and outcome: `leftfold_commands` (seconds).
struct MetricsMiddleware: CommandMiddleware {
    private struct Key: Hashable { var name, outcome: String }

    private let timers = TimerCache<Key> { key in
        Timer(label: "leftfold_commands", dimensions: [("command", key.name), ("outcome", key.outcome)])
    }

    func handle<C: Command>(
        _ command: C, _ context: CommandContext, next: @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt {
        let start = ContinuousClock.now
        do {
            let receipt = try await next(command, context)
            timers.record(ContinuousClock.now - start, for: Key(name: C.name, outcome: "accepted"))
            return receipt
        } catch {
            timers.record(ContinuousClock.now - start, for: Key(name: C.name, outcome: Self.outcome(of: error)))
            throw error
        }
    }

    /// For what was refused before there was a command.
    func count(_ refusal: any Error, of name: String, since start: ContinuousClock.Instant) {
        timers.record(ContinuousClock.now - start, for: Key(name: name, outcome: Self.outcome(of: refusal)))
    }

    /// As metrics call it: the kind of a refusal, else its code.
    static func outcome(of error: any Error) -> String {
        guard let refusal = error as? any Refusal else { return "failed" }
        return refusal.kind?.rawValue ?? refusal.code
    }
}
