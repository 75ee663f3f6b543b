import Foundation
import Testing

/// What the program leaves on the disk is for its owner only.
@Suite("Files and folders", .serialized) struct PrivateFilesTests {
    /// Those below a folder, and the folder itself, that others may get into, by their paths in it.
    private func exposed(_ folder: URL) throws -> [String] {
        let all = [""] + (try FileManager.default.subpathsOfDirectory(atPath: folder.path))
        return try all.filter { path in
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.appendingPathComponent(path).path)
            let mode = try #require(attributes[.posixPermissions] as? Int)
            // Root lends PostgreSQL another account, which passes through the outermost folder without seeing what is there.
            return mode & 0o077 != (path.isEmpty && geteuid() == 0 && mode == 0o711 ? 0o011 : 0)
        }
    }

    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = URL(fileURLWithPath: "/tmp/leftfold-private-\(UInt32.random(in: 0 ... .max))")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    @Test("of secrets are private whatever the umask, one folder for each reader")
    func secrets() async throws {
        try await withFolder { folder in
            let line = "umask 0; exec '\(Program.path)' secrets '\(folder.path)'"
            _ = try await Program.run(["-c", line], executable: "/bin/sh")
            #expect(try exposed(folder) == [])
            let names = ["postgres/postgres_password", "database/database_url", "tokens/jwt_keys.json"]
            for name in names { #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path), "\(name)") }
        }
    }

    @Test("of dev are private whatever the umask")
    func dev() async throws {
        try await withFolder { folder in
            let line = "umask 0; exec '\(Program.path)' dev --port 0 --data '\(folder.path)'"
            let program = try Program(["-c", line], environment: ["DATABASE_URL": ""], executable: "/bin/sh")
            _ = try await program.prints(/export URL=(\S+)/)
            // The server makes and removes files of its own while it runs.
            program.send(SIGTERM)
            #expect(try await program.end() == 0)
            #expect(try exposed(folder) == [])
        }
    }

    @Test(
        "of secrets that others may read are refused by name",
        arguments: [("JWT_KEYS_FILE", "tokens/jwt_keys.json", "serve"), ("DATABASE_URL_FILE", "database/database_url", "projections")])
    func loose(_ variable: String, _ name: String, _ command: String) async throws {
        try await withFolder { folder in
            _ = try await Program.run(["secrets", folder.path])
            let path = folder.appendingPathComponent(name).path
            #expect(chmod(path, 0o644) == 0)
            let output = try await Program.run(
                [command], environment: ["DATABASE_URL": "host=/nonexistent", variable: path], expecting: 78)
            #expect(output.contains("0644") && output.contains(path), "\(output)")
        }
    }

    /// Which volume of secrets each service of the compose file mounts.
    private static let mounts: [String: Set<String>] = [
        "secrets": ["postgres", "database", "tokens"], "postgres": ["postgres"], "migrate": ["database"], "projector": ["database"],
        "server": ["database", "tokens"],
    ]

    @Test("of secrets reach the services of the compose file that need them, and no others")
    func compose() throws {
        let text = try String(contentsOf: Program.repository.appendingPathComponent("docker-compose.yml"), encoding: .utf8)
        func secrets(_ block: some StringProtocol) -> Set<String> {
            Set(String(block).matches(of: /- secrets-([a-z]+):/).map { String($0.output.1) })
        }
        let common = try #require(text.firstMatch(of: /(?s)x-users: &users\n(.*?)\nservices:/)).output.1
        let services = try #require(text.firstMatch(of: /(?s)\nservices:\n(.*?)\nvolumes:/)).output.1
        var found: [String: Set<String>] = [:]
        var name = ""
        for line in services.split(separator: "\n") {
            if let match = line.wholeMatch(of: /\s\s([a-z]+):/) { name = String(match.output.1) }
            // A list of its own takes the place of the common one.
            if line == "    <<: *users" { found[name] = secrets(common) }
            if line == "    volumes:" { found[name] = [] }
            found[name, default: []].formUnion(secrets(line))
        }
        found[""] = nil
        #expect(found == Self.mounts)
    }
}
