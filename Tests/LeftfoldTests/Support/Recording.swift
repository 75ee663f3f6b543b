import Leftfold
import Synchronization

/// What happened, in order.
final class Recording: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func note(_ line: String) { lines.withLock { $0.append(line) } }
}

/// A layer that tells when it is entered and left.
struct RecordingMiddleware: CommandMiddleware, QueryMiddleware {
    let name: String
    let recording: Recording

    func handle<C: Command>(
        _ command: C, _ context: CommandContext, next: @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt {
        try await around(C.name) { try await next(command, context) }
    }

    func handle<Q: Query>(
        _ query: Q, _ context: QueryContext, next: @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>
    ) async throws -> Answered<Q.Answer> {
        try await around(Q.name) { try await next(query, context) }
    }

    private func around<T>(_ what: String, _ body: () async throws -> T) async throws -> T {
        recording.note("\(name) in \(what)")
        do {
            let value = try await body()
            recording.note("\(name) out \(what)")
            return value
        } catch {
            recording.note("\(name) threw \(what)")
            throw error
        }
    }
}
