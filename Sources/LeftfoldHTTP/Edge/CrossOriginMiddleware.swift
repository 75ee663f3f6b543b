import HTTPTypes
import Hummingbird

/// Lets pages of the named origins read answers (CORS). It stands before everything else: a browser's question beforehand has no
/// token, and refusals are to be read, too. Cookies are never asked for: what a page may do, its token says.
struct CrossOriginMiddleware: RouterMiddleware {
    private let origins: [(bytes: [UInt8], text: String)]

    init(_ origins: [Origin]) { self.origins = origins.map { (Array($0.rawValue.utf8), $0.rawValue) } }

    @concurrent func handle(
        _ request: Request, context: EdgeContext, next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        let origin = allowedOrigin(request.headers)
        guard request.method == .options, request.headers[fields: .accessControlRequestMethod].count == 1 else {
            var response = try await next(request, context)
            if let origin {
                response.headers[.accessControlAllowOrigin] = origin
                response.headers[.accessControlExposeHeaders] = Self.exposed
            }
            // Said to all: caches must not give one origin's answer to another.
            response.headers.append(HTTPField(name: .vary, value: "Origin"))
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

    /// Byte by byte: the header is a stranger's.
    private func allowedOrigin(_ headers: HTTPFields) -> String? {
        let fields = headers[fields: .origin]
        guard let field = fields.first, fields.count == 1 else { return nil }
        return field.withUnsafeBytesOfValue { value in origins.first { $0.bytes.elementsEqual(value) }?.text }
    }

    private static let allowed = [
        "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID", "Leftfold-Position",
        "Leftfold-Session", "X-Correlation-Id", "X-Causation-Id",
    ].joined(separator: ", ")

    /// What a client acts on, beyond what browsers show anyway.
    private static let exposed = [
        "Cache-Status", "ETag", "Leftfold-Position", "Leftfold-Session", "Link", "Location", "Retry-After", "WWW-Authenticate",
        "X-Correlation-Id",
    ].joined(separator: ", ")
}
