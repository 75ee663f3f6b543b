import Foundation
import Tracing

/// A span for every command and query, named after it.
struct TracingMiddleware: CommandMiddleware, QueryMiddleware {
    func handle<C: Command>(
        _ command: C, _ context: CommandContext, next: @Sendable (C, CommandContext) async throws -> Receipt
    ) async throws -> Receipt {
        try await withSpan(C.name, ofKind: .internal) { span in
            if span.isRecording {
                span.attributes["leftfold.command_id"] = context.commandID.text
                span.attributes["leftfold.correlation_id"] = context.correlationID
            }
            let receipt = try await next(command, context)
            if span.isRecording { span.attributes["leftfold.position"] = receipt.position.rawValue }
            return receipt
        }
    }

    func handle<Q: Query>(
        _ query: Q, _ context: QueryContext, next: @Sendable (Q, QueryContext) async throws -> Answered<Q.Answer>
    ) async throws -> Answered<Q.Answer> {
        try await withSpan(Q.name, ofKind: .internal) { span in
            if span.isRecording { span.attributes["leftfold.correlation_id"] = context.correlationID }
            return try await next(query, context)
        }
    }
}
