import HTTPTypes
import Metrics
import Synchronization

/// `leftfold_http_requests`: one timer for each method, route and status. Each is made once: making one is slow.
final class RequestTimers: Sendable {
    private struct Key: Hashable {
        let method: String
        let route: String
        let status: Int
    }

    private let timers = Mutex<[Key: Timer]>([:])

    func record(_ duration: Duration, _ method: HTTPRequest.Method, _ route: String, _ status: HTTPResponse.Status) {
        // Methods are the client's words: those of unknown routes must not become labels.
        let method = Self.methods.contains(method.rawValue) ? method.rawValue : "other"
        let key = Key(method: method, route: route, status: status.code)
        let timer = timers.withLock { timers in
            if let known = timers[key] { return known }
            let timer = Timer(
                label: "leftfold_http_requests",
                dimensions: [("method", key.method), ("route", route), ("status", String(status.code))])
            timers[key] = timer
            return timer
        }
        timer.record(duration: duration)
    }

    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
}
