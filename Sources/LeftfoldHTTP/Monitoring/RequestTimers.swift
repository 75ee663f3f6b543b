import HTTPTypes
import Leftfold
import Metrics

/// `leftfold_http_requests`: one timer for each method, route and status.
struct RequestTimers: Sendable {
    private struct Key: Hashable {
        let method: String
        let route: String
        let status: Int
    }

    private let timers = TimerCache<Key> { key in
        Timer(
            label: "leftfold_http_requests",
            dimensions: [("method", key.method), ("route", key.route), ("status", String(key.status))])
    }

    func record(_ duration: Duration, _ method: HTTPRequest.Method, _ route: String, _ status: HTTPResponse.Status) {
        // Methods are the client's words: those of unknown routes must not become labels.
        let method = Self.methods.contains(method.rawValue) ? method.rawValue : "other"
        timers.record(duration, for: Key(method: method, route: route, status: status.code))
    }

    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
}
