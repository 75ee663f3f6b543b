import Metrics

/// Counts and times commands and queries by name and outcome: `leftfold_commands`, `leftfold_queries` (seconds).
struct MetricsMiddleware: CommandMiddleware, QueryMiddleware {
    private struct Key: Hashable { var label, kind, name, outcome: String }

    private let timers = TimerCache<Key> { key in
        Timer(label: key.label, dimensions: [(key.kind, key.name), ("outcome", key.outcome)])
    }

    func handle<C: Command>(
        _ command: C, _ context: CommandContext, next: @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt {
        try await timed("leftfold_commands", "command", C.name) { try await next(command, context) }
    }

    func handle<Q: Query>(
        _ query: Q, _ context: QueryContext, next: @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>
    ) async throws -> Answered<Q.Answer> {
        try await timed("leftfold_queries", "query", Q.name) { try await next(query, context) }
    }

    private func timed<T>(_ label: String, _ kind: String, _ name: String, _ body: () async throws -> T) async throws -> T {
        let start = ContinuousClock.now
        do {
            let value = try await body()
            timers.record(ContinuousClock.now - start, for: Key(label: label, kind: kind, name: name, outcome: "accepted"))
            return value
        } catch {
            let outcome = (error as? any Refusal)?.kind?.rawValue ?? ((error as? any Refusal)?.code ?? "failed")
            timers.record(ContinuousClock.now - start, for: Key(label: label, kind: kind, name: name, outcome: outcome))
            throw error
        }
    }
}
