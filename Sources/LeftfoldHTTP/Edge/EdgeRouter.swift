import HTTPTypes
import Hummingbird

/// The router behind a look at the target. It compares texts, which is for those only that ``RequestTarget`` let pass.
struct EdgeRouter: HTTPResponderBuilder {
    let router: Router<EdgeContext>

    func buildResponder() -> EdgeResponder { EdgeResponder(router: router.buildResponder()) }
}

struct EdgeResponder: HTTPResponder {
    let router: RouterResponder<EdgeContext>

    @concurrent func respond(to request: Request, context: EdgeContext) async throws -> Response {
        let response = try await answer(request, context)
        // Also where there is no route: a client does not expect a body.
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ request: Request, _ context: EdgeContext) async throws -> Response {
        var head = request.head
        do throws(RequestRefusal) {
            head.path = try RequestTarget.read(head.path)
        } catch {
            // The layers around the routes answer it, as they do everything else. They get to see a path that says nothing.
            context.exchange.refusal = error
            head.path = "*"
        }
        // By their bytes: both are as long as the client wanted.
        let isSame = head.path?.utf8.elementsEqual(request.head.path?.utf8 ?? "".utf8) == true
        return try await router.respond(to: isSame ? request : Request(head: head, body: request.body), context: context)
    }
}
