import HTTPTypes
import Hummingbird
import Synchronization

/// Which methods each path knows, to tell 405 from 404. Filled when the application is made.
final class RouteDirectory: Sendable {
    private let routes = Mutex<[(path: RouterPath, method: HTTPRequest.Method)]>([])

    func fill(from router: Router<EdgeContext>) {
        // What answers GET answers HEAD.
        let all = router.routes.flatMap { route in
            (route.method == .get ? [.get, .head] : [route.method]).map { (path: route.path, method: $0) }
        }
        routes.withLock { $0 = all }
    }

    func methods(at path: String) -> [HTTPRequest.Method] {
        let segments = path.split(separator: "/")
        let methods = routes.withLock { routes in
            routes.filter { route in
                route.path.components.count == segments.count && zip(route.path.components, segments).allSatisfy { $0 ~= $1 }
            }.map(\.method)
        }
        return Set(methods).sorted { $0.rawValue < $1.rawValue }
    }
}
