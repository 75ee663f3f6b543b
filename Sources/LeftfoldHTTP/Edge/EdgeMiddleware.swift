import HTTPTypes
import Hummingbird
import Leftfold
import Logging

/// The outermost layer: the correlation id, problems instead of errors, headers of every answer, the log line, the metrics.
struct EdgeMiddleware: RouterMiddleware {
    let directory: RouteDirectory
    let bodyLimit: Int
    /// At what level each request is told.
    let logLevel: Logger.Level
    let timers: RequestTimers
    /// Nil where nothing of the log is told.
    var history: LogHistory?
    let denials = DenialLog()

    @concurrent func handle(
        _ request: Request, context: EdgeContext, next: @concurrent (Request, EdgeContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        var context = context
        var response: Response
        do {
            context.correlationID = try CorrelationID.read(request.headers)
            if let refusal = context.exchange.refusal { throw refusal }
            response = try await next(request, context)
        } catch {
            if context.correlationID.isEmpty { context.correlationID = CorrelationID.generated() }
            response = answer(to: error, request, context)
        }
        finish(&response, request, context)

        let duration = ContinuousClock.now - start
        // Not the client's path: labels must stay few, and paths may hold what does not belong into logs.
        let route = context.endpointPath.map { $0 == "NotFound" ? "unknown" : $0 } ?? "unknown"
        timers.record(duration, request.method, route, response.status)
        log(response.status, duration, request.method, route, context)
        return response
    }

    private func answer(to error: any Error, _ request: Request, _ context: EdgeContext) -> Response {
        let isConditional = request.headers.contains(.ifMatch)
        if let refusal = error as? any Refusal {
            let response = Response(refusing: refusal, isConditional: isConditional, correlationID: context.correlationID)
            if response.status == .unauthorized || response.status == .forbidden {
                denials.note(
                    refusal.code, subject: context.exchange.principal?.subject, route: context.endpointPath ?? "unknown",
                    correlationID: context.correlationID, context.logger)
            }
            if response.status != .internalServerError { return response }
        }
        if let error = error as? HTTPError, error.status == .notFound, context.endpointPath == "NotFound" {
            let allowed = directory.methods(at: request.uri.path)
            let refusal = allowed.isEmpty ? RequestRefusal.unknownRoute : .methodNotAllowed(allowed)
            return Response(refusing: refusal, isConditional: false, correlationID: context.correlationID)
        }
        if let error = error as? any HTTPResponseError, error.status.kind == .clientError {
            return Response(Problem(error, correlationID: context.correlationID), error.status)
        }
        context.logger.error(
            "A request failed.",
            metadata: [
                "error": "\(String(reflecting: error))", "correlation_id": "\(context.correlationID)",
                "route": "\(context.endpointPath ?? "")",
            ])
        return .internalError(correlationID: context.correlationID)
    }

    private func finish(_ response: inout Response, _ request: Request, _ context: EdgeContext) {
        response.headers[.correlationID] = context.correlationID
        response.headers[.contentTypeOptions] = "nosniff"
        ReadSession.extend(&response.headers, of: request.headers, in: history)
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        if response.status.code >= 400, JSONBody.mayExceed(bodyLimit, request.headers) { response.headers[.connection] = "close" }
    }

    private func log(
        _ status: HTTPResponse.Status, _ duration: Duration, _ method: HTTPRequest.Method, _ route: String, _ context: EdgeContext
    ) {
        context.logger.log(
            level: logLevel, "\(method.rawValue) \(route) \(status.code)",
            metadata: [
                "method": "\(method.rawValue)", "route": "\(route)", "status": "\(status.code)", "duration": "\(duration)",
                "correlation_id": "\(context.correlationID)", "subject": "\(context.exchange.principal?.subject ?? "-")",
            ])
    }
}
