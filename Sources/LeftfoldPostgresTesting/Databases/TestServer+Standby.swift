import EmbeddedPostgres
import Foundation
public import LeftfoldDriver

extension TestServer {
    /// Lends a streaming standby of this server, which must be one that it started itself; it goes when the body is done.
    ///
    /// - Parameters:
    ///   - database: one of this server.
    ///   - body: gets the same one on the standby.
    /// - Throws: `EmbeddedPostgresError` if it cannot be made; what the body throws.
    public nonisolated func withStandby<T>(
        of database: ConnectionConfiguration, _ body: (ConnectionConfiguration) async throws -> T
    ) async throws -> T {
        let folder = URL(fileURLWithPath: "/tmp/leftfold-test-\(UInt64.random(in: 0 ... .max))")
        let caretaker = try Caretaker(of: folder)
        let standby = try await EmbeddedPostgres.startStandby(
            of: try await connectionString(), dataDirectory: folder,
            settings: ["fsync": "off", "full_page_writes": "off", "max_connections": "200"])
        var configuration = database
        configuration["host"] = standby.socketDirectory.path
        configuration["port"] = "5432"
        let result: Result<T, any Error>
        do { result = .success(try await body(configuration)) } catch { result = .failure(error) }
        try await standby.stop(immediate: true)
        try FileManager.default.removeItem(at: folder)
        caretaker.dismiss()
        return try result.get()
    }
}
