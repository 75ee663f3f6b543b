import HTTPTypes
import Hummingbird

/// Lets through only who shows a valid token. It stands before every route that was not declared open.
struct AuthenticationMiddleware: RouterMiddleware {
    let authenticator: any Authenticator

    @concurrent func handle(
        _ request: Request, context: EdgeContext, next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        // Without a route there is nothing to protect: it is answered 404 or 405.
        if context.endpointPath != nil {
            let credential = try Credential(request.headers)
            context.exchange.admit(try await authenticator.authenticate(credential)) { [authenticator] in
                try await authenticator.authenticate(credential)
            }
        }
        return try await next(request, context)
    }
}
