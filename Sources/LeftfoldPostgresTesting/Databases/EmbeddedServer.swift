import EmbeddedPostgres
import Foundation

/// A server in a temporary folder.
struct EmbeddedServer: Sendable {
    private let server: EmbeddedPostgres
    private let caretaker: Caretaker

    var connectionString: String { server.connectionString }

    static func start(_ settings: [String: String]) async throws -> EmbeddedServer {
        // Not the user's temporary folder: the path of a socket has at most about 100 characters, and macOS uses half of them.
        let folder = URL(fileURLWithPath: "/tmp/leftfold-test-\(UInt64.random(in: 0 ... .max))")
        let caretaker = try Caretaker(of: folder)
        var all = ["fsync": "off", "full_page_writes": "off", "max_connections": "200"]
        all.merge(settings) { _, chosen in chosen }
        return EmbeddedServer(server: try await EmbeddedPostgres.start(dataDirectory: folder, settings: all), caretaker: caretaker)
    }

    func stop() async throws {
        try await server.stop(immediate: true)
        try FileManager.default.removeItem(at: server.dataDirectory)
        caretaker.dismiss()
    }
}
