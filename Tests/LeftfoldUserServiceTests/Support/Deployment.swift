import Foundation
import LeftfoldDriver
import LeftfoldPostgresTesting
import Testing

/// A migrated database with keys and a token, and the built program beside it.
struct Deployment: Sendable {
    let configuration: ConnectionConfiguration
    let environment: [String: String]
    /// An admin's.
    let token: String
    /// For files.
    let folder: URL

    func start(_ arguments: String...) throws -> Program { try Program(arguments, environment: environment) }

    func run(_ arguments: String..., expecting status: Int32 = 0) async throws -> String {
        try await Program.run(arguments, environment: environment, expecting: status)
    }

    static func lend(_ body: (Deployment) async throws -> Void) async throws {
        try await TestDatabase.withEmpty { configuration in
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("leftfold-\(UUID())")
            defer { try? FileManager.default.removeItem(at: folder) }
            let name = try #require(configuration["dbname"])
            let url = try await TestServer.shared.connectionString(database: name)
            var environment = ["DATABASE_URL": url, "JWT_KEYS_FILE": folder.appendingPathComponent("tokens/jwt_keys.json").path]
            environment["LOG_LEVEL"] = "info"
            _ = try await Program.run(["secrets", folder.path])
            _ = try await Program.run(["migrate"], environment: environment)
            let token = try await Program.run(["token", "--subject", "tester", "--role", "admin"], environment: environment)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            try await body(Deployment(configuration: configuration, environment: environment, token: token, folder: folder))
        }
    }
}
