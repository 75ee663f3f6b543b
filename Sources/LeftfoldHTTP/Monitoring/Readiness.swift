import HTTPTypes
import Hummingbird
import Leftfold

/// One thing that must be well before the service takes traffic, such as the database.
public struct ReadinessCheck: Sendable, Codable, Equatable {
    public var name: String
    public var healthy: Bool
    /// Healthy enough to take requests, but not as it should be.
    public var degraded: Bool
    /// For operators. Leave it out where strangers may ask.
    public var detail: String?

    public init(_ name: String, healthy: Bool, degraded: Bool = false, detail: String? = nil) {
        self.name = name
        self.healthy = healthy
        self.degraded = degraded
        self.detail = detail
    }
}

/// The body of `GET /health/ready`.
struct Readiness: Codable, Equatable {
    var ready: Bool
    var checks: [ReadinessCheck]

    init(_ checks: [ReadinessCheck]) {
        ready = checks.allSatisfy(\.healthy)
        self.checks = checks
    }

    func response() throws -> Response {
        Response(
            status: ready ? .ok : .serviceUnavailable, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try StrictJSON.encode(self))))
    }
}
