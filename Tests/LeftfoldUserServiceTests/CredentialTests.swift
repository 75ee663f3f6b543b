import Foundation
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

/// Tokens and API keys, as an operator makes, exchanges and withdraws them.
@Suite("Credentials", .serialized) struct CredentialTests {
    @Test(
        "are not made for whom nobody would let in",
        arguments: [
            (["--subject", ""], "empty"), (["--subject", "local:root"], "local:"), (["--subject", "a\u{202E}b"], "formatting"),
            (["--subject", "me", "--tenant", ""], "tenant"), (["--subject", String(repeating: "x", count: 256)], "255"),
        ])
    func refused(_ arguments: [String], says: String) async throws {
        let folder = URL(fileURLWithPath: "/tmp/leftfold-keys-\(UInt32.random(in: 0 ... .max))")
        defer { try? FileManager.default.removeItem(at: folder) }
        _ = try await Program.run(["secrets", folder.path])
        let environment = ["JWT_KEYS_FILE": folder.appendingPathComponent("tokens/jwt_keys.json").path]
        for command in ["token", "api-key"] {
            let output = try await Program.run([command] + arguments, environment: environment, expecting: 78)
            #expect(output.contains(says), "\(command): \(output)")
        }
    }

    @Test("are exchanged and withdrawn while the service runs")
    func exchanged() async throws {
        try await Deployment.lend { deployment in
            let apiKeys = deployment.folder.appendingPathComponent("api_keys").path
            func newKey(_ subject: String) async throws -> String {
                try await Program.run(["api-key", "--subject", subject, "--role", "admin", "--file", apiKeys])
                    .trimmingCharacters(in: .whitespacesAndNewlines)
            }
            let first = try await newKey("one")
            let server = try Program(
                ["serve", "--port", "0"], environment: deployment.environment.merging(["API_KEYS_FILE": apiKeys]) { $1 })
            let url = try await server.prints(/(http:\S+)/)
            func status(_ token: String) async throws -> Int {
                try await Client(url: url, token: token).send("POST", "/commands/Nonsense", json: "{}").status
            }
            #expect(try await status(first) == 404)
            #expect(try await status(deployment.token) == 404)

            let second = try await newKey("two")
            try await eventually("the new key is let in") { try await status(second) == 404 }
            #expect(try await status(first) == 404)
            let lines = try String(contentsOfFile: apiKeys, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 2 && !lines.joined().contains(first.suffix(20)))

            // In place of the old file, as a secret manager does it.
            let withdrawn = apiKeys + ".new"
            #expect(
                FileManager.default.createFile(atPath: withdrawn, contents: Data(lines[1].utf8), attributes: [.posixPermissions: 0o600]))
            #expect(rename(withdrawn, apiKeys) == 0)
            try await eventually("the old key is not") { try await status(first) == 401 }
            #expect(try await status(second) == 404)

            let keys = try #require(deployment.environment["JWT_KEYS_FILE"])
            #expect(unlink(keys) == 0)
            _ = try await Program.run(["secrets", deployment.folder.path])
            let renewed = try await deployment.run("token", "--subject", "me", "--role", "admin")
                .trimmingCharacters(in: .whitespacesAndNewlines)
            try await eventually("tokens of the new key are let in") { try await status(renewed) == 404 }
            #expect(try await status(deployment.token) == 401)
            server.send(SIGTERM)
            #expect(try await server.end() == 0)
        }
    }
}
