import Metrics
import Synchronization

/// Counts and times commands and queries by name and outcome: `leftfold_commands`, `leftfold_queries` (seconds).
struct MetricsMiddleware: CommandMiddleware, QueryMiddleware {
    private let timers = TimerCache()

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
            timers.timer(label, kind, name, outcome: "accepted").record(duration: ContinuousClock.now - start)
            return value
        } catch {
            let outcome = (error as? any Refusal)?.kind?.rawValue ?? ((error as? any Refusal)?.code ?? "failed")
            timers.timer(label, kind, name, outcome: outcome).record(duration: ContinuousClock.now - start)
            throw error
        }
    }
}

/// Making a timer takes a lock and a dictionary of strings in most backends: each is made once.
private final class TimerCache: Sendable {
    private struct Key: Hashable { var label, name, outcome: String }
    private let timers = Mutex<[Key: Timer]>([:])

    func timer(_ label: String, _ kind: String, _ name: String, outcome: String) -> Timer {
        let key = Key(label: label, name: name, outcome: outcome)
        return timers.withLock { timers in
            if let known = timers[key] { return known }
            let timer = Timer(label: label, dimensions: [(kind, name), ("outcome", outcome)])
            timers[key] = timer
            return timer
        }
    }
}
