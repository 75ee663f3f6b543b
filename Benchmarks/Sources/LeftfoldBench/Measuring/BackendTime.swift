import Foundation
import LeftfoldDriver

/// The CPU time that the backend of a connection has used, as Linux counts it.
struct BackendTime: Sendable {
    private let path: String

    init(of connection: Connection) async throws {
        guard let pid = try await connection.execute("SELECT pg_backend_pid()").first?.decode(Int.self) else {
            throw Unexpected(description: "a connection without a backend")
        }
        path = "/proc/\(pid)/schedstat"
        _ = try nanoseconds()
    }

    func nanoseconds() throws -> Int64 {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), let first = text.split(separator: " ").first,
            let time = Int64(first)
        else { throw Unexpected(description: "\(path) cannot be read: the suite cpu needs Linux, and the server on this machine") }
        return time
    }
}
