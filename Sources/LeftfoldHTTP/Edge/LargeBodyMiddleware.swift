import HTTPTypes
import Hummingbird
import LeftfoldThreads

/// Has requests with large bodies worked on by a thread of their own: what is taken apart there keeps nobody waiting who asks for little.
struct LargeBodyMiddleware: RouterMiddleware {
    let threshold: Int

    @concurrent func handle(
        _ request: Request, context: EdgeContext, next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        guard LargeBodies.mayBeLarge(request.headers, threshold) else { return try await next(request, context) }
        return try await LargeBodies.Work.$current.withValue(LargeBodies.Work()) {
            try await BackgroundThread.run { try await next(request, context) }
        }
    }
}
