import Crypto
import HTTPTypes
import Hummingbird
import Leftfold
import Synchronization

/// `GET /openapi.json`, `GET /docs` and `GET /`: what the service can do, open to all.
///
/// Made once, when the application is; and served from memory.
final class ContractRoutes: Sendable {
    static let indexPath = "/"
    static let documentPath = "/openapi.json"
    static let docsPath = "/docs"

    private let pages = Mutex<[String: ContractPage]>([:])

    /// Adds those that the service has no route of its own for.
    func add(to router: Router<EdgeContext>) {
        let taken = Set(router.routes.filter { $0.method == .get }.map(\.path.description))
        for path in [Self.indexPath, Self.documentPath, Self.docsPath] where !taken.contains(path) {
            router.on(RouterPath(path), method: .get) { [self] request, _ in
                guard let page = pages.withLock({ $0[path] }) else { throw RequestRefusal.unknownRoute }
                return page.response(to: request)
            }
        }
    }

    func fill(from parts: ContractParts) {
        let contract = Contract(parts)
        let docs = DocsPage(contract)
        var links: [String: JSONTree] = ["openapi": .string(Self.documentPath), "docs": .string(Self.docsPath)]
        if parts.hasHealth { links["health"] = "/health/ready" }
        let index: JSONTree = ["name": .string(parts.info.title), "version": .string(parts.info.version), "links": .object(links)]
        let made = [
            Self.indexPath: ContractPage(index.bytes, "application/json"),
            Self.documentPath: ContractPage(contract.json, "application/json"),
            Self.docsPath: ContractPage(Array(docs.html.utf8), "text/html; charset=utf-8", [.contentSecurityPolicy: docs.policy]),
        ]
        pages.withLock { $0 = made }
    }
}

/// A page that stays as it is while the process lives.
struct ContractPage: Sendable {
    private let body: ByteBuffer
    private let headers: HTTPFields
    private let tag: String

    init(_ bytes: [UInt8], _ type: String, _ more: HTTPFields = [:]) {
        body = ByteBuffer(bytes: bytes)
        tag = "\"" + SHA256.hash(data: bytes).prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\""
        // It may be kept, but is to be asked for again: a new version of the service says something else.
        var headers: HTTPFields = [.contentType: type, .eTag: tag, .cacheControl: "public, no-cache"]
        headers.append(contentsOf: more)
        self.headers = headers
    }

    func response(to request: Request) -> Response {
        guard !EntityTag.isKnown(tag, request.headers) else {
            var headers = headers
            headers[.contentType] = nil
            return Response(status: .notModified, headers: headers)
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}
