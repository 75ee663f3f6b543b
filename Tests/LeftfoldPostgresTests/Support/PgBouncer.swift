import Foundation
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting

/// A PgBouncer of the test's own, in transaction mode, with fewer sessions than it has clients.
enum PgBouncer {
    private static let places = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer", "/usr/local/bin/pgbouncer"]
    static let executable = places.first { FileManager.default.isExecutableFile(atPath: $0) }
    static var isInstalled: Bool { executable != nil }

    struct Missing: Error {}

    /// Runs one before the database until the body is done.
    static func with(to direct: ConnectionConfiguration, _ body: (ConnectionConfiguration) async throws -> Void) async throws {
        guard let executable else { throw Missing() }
        let folder = FileManager.default.temporaryDirectory.appending(path: "leftfold-pgbouncer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let port = Int.random(in: 20_000..<32_000)
        let file = folder.appending(path: "pgbouncer.ini")
        try Data(settings(direct, port).utf8).write(to: file)
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = ["-q"] + account(direct) + [file.path]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        // It inherits our threads' mask, in which every other signal is blocked. Whoever waits for its end here holds up a thread of all tests.
        defer { kill(process.processIdentifier, SIGKILL) }
        var pooled = direct
        (pooled["host"], pooled["hostaddr"], pooled["port"]) = ("127.0.0.1", nil, String(port))
        pooled.pooler = .transaction
        try await eventually("PgBouncer answers") { [pooled] in
            guard let connection = try? await Connection.connect(pooled, logger: TestDatabase.quiet) else { return false }
            await connection.close()
            return true
        }
        try await body(pooled)
    }

    private static func settings(_ direct: ConnectionConfiguration, _ port: Int) -> String {
        let password = direct["password"] ?? ProcessInfo.processInfo.environment["PGPASSWORD"]
        let server = [
            "host=\(direct["host"] ?? "127.0.0.1")", "port=\(direct["port"] ?? "5432")", "user=\(direct["user"] ?? "postgres")",
            password.map { "password=\($0)" } ?? "",
        ]
        return """
            [databases]
            * = \(server.joined(separator: " "))
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            default_pool_size = 6
            max_client_conn = 200

            """
    }

    /// It does not run as root: then as whom the server runs, whose socket is in a private folder.
    private static func account(_ direct: ConnectionConfiguration) -> [String] {
        guard getuid() == 0 else { return [] }
        let owner = direct["host"].flatMap { try? FileManager.default.attributesOfItem(atPath: $0)[.ownerAccountName] as? String }
        return ["-u", owner ?? "nobody"]
    }
}
