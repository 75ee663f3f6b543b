import HTTPTypes
import Hummingbird

/// Lets pages of the named origins read answers (CORS). It stands before everything else: a browser's question beforehand has no
/// token, and refusals are to be read, too. Cookies are never asked for: what a page may do, its token says.
struct CrossOriginMiddleware: RouterMiddleware {
    private let origins: AllowedOrigins

    init(_ origins: AllowedOrigins) { self.origins = origins }

    @concurrent func handle(
        _ request: Request, context: EdgeContext, next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        let origin = origins.origin(request.headers[fields: .origin].map(\.value))
        guard request.method == .options, request.headers[fields: .accessControlRequestMethod].count == 1 else {
            var response = try await next(request, context)
            AllowedOrigins.mark(&response.headers, for: origin)
            return response
        }
        var headers: HTTPFields = [
            .vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers", .cacheControl: "no-store",
            .contentTypeOptions: "nosniff",
        ]
        if let origin {
            headers[.accessControlAllowOrigin] = origin
            headers[.accessControlAllowMethods] = "GET, HEAD, POST, PUT, PATCH, DELETE"
            headers[.accessControlAllowHeaders] = Self.allowed
            headers[.accessControlMaxAge] = "600"
        }
        return Response(status: .noContent, headers: headers)
    }

    private static let allowed = [
        "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID", "Leftfold-Position",
        "Leftfold-Session", "X-Correlation-Id", "X-Causation-Id",
    ].joined(separator: ", ")
}
