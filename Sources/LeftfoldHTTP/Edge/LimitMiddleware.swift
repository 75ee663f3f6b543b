import HTTPTypes
import Hummingbird
import Leftfold
import Synchronization

/// Bounds the requests that are under way together. It stands before authentication: looking at a token costs, too.
struct OverloadMiddleware: RouterMiddleware {
    private let limit: Int
    private let running = Counted()

    init(_ limit: Int) { self.limit = limit }

    private final class Counted: Sendable { let value = Atomic(0) }

    @concurrent func handle(
        _ request: Request, context: EdgeContext, next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        defer { running.value.subtract(1, ordering: .relaxed) }
        guard running.value.add(1, ordering: .relaxed).oldValue < limit else {
            throw Overloaded("So many requests are under way that this one has no place. Try again in a moment.")
        }
        return try await next(request, context)
    }
}

/// Bounds what one principal asks: how much at once, and how fast. It stands behind authentication.
struct PrincipalLimitMiddleware: RouterMiddleware {
    private let ledger: RequestLedger

    init(_ ledger: RequestLedger) { self.ledger = ledger }

    @concurrent func handle(
        _ request: Request, context: EdgeContext, next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        guard let principal = context.exchange.principal else { return try await next(request, context) }
        let account = RequestLedger.Account(principal)
        switch ledger.enter(account) {
        case .admitted: break
        case .busy: throw RequestRefusal.tooManyRequests("so many of your requests are under way", after: .seconds(1))
        case .tooFast(let wait): throw RequestRefusal.tooManyRequests("your requests come too fast", after: wait)
        }
        defer { ledger.leave(account) }
        return try await next(request, context)
    }
}

extension RequestRefusal {
    static func tooManyRequests(_ why: String, after wait: Duration) -> Self {
        let seconds = max(1, Int((wait / .seconds(1)).rounded(.up)))
        return Self(
            code: "too_many_requests", message: "This was not done: \(why). Try again in \(seconds) s.",
            headers: [.retryAfter: "\(seconds)"])
    }
}
