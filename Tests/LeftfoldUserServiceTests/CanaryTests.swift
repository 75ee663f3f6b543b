import Foundation
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import Testing

/// Texts that are easy to find, put where secrets and personal data go: into no log, error, process list or session list.
@Suite("Secrets and personal data", .serialized) struct CanaryTests {
    private static let password = "canary-password-7f31"
    private static let email = "canary-bird-7f31@example.com"
    private static let name = "Canary-Name-7f31"

    @Test("are in no log, no error, no process list and no session list, whatever fails")
    func canaries() async throws {
        try await Deployment.lend { deployment in
            let url = try #require(deployment.environment["DATABASE_URL"])
            let withPassword = url + (url.contains("://") ? "&password=\(Self.password)" : " password=\(Self.password)")
            let keys = try String(contentsOf: deployment.folder.appendingPathComponent("tokens/jwt_keys.json"), encoding: .utf8)
            let signingKey = String(try #require(keys.firstMatch(of: /"k":"([^"]+)"/)).output.1)
            let apiKeys = deployment.folder.appendingPathComponent("api_keys").path
            let apiKey = try await Program.run(["api-key", "--subject", "machine", "--role", "viewer", "--file", apiKeys])
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let environment = deployment.environment.merging(
                ["DATABASE_URL": withPassword, "API_KEYS_FILE": apiKeys, "LOG_LEVEL": "debug", "LOG_FORMAT": "json"]) { $1 }
            let viewer = try await deployment.run("token", "--subject", "viewer", "--role", "viewer")
                .trimmingCharacters(in: .whitespacesAndNewlines)
            var canaries = [Self.password, Self.email, Self.name, signingKey, String(apiKey.dropFirst(20))]
            canaries += [deployment.token, viewer].compactMap { $0.split(separator: ".").last.map(String.init) }

            let server = try Program(["serve", "--port", "0"], environment: environment)
            let projector = try Program(["project"], environment: environment)
            let address = try await server.prints(/(http:\/\/[^"\s]+)/)
            let client = Client(url: address, token: deployment.token)
            let person = #"{"email":"\#(Self.email)","name":"\#(Self.name)"}"#
            let created = try await client.send("POST", "/users", json: person)
            #expect(created.status == 201)
            let id = try #require(created.body["id"])

            var told: [String] = []
            for (token, method, path, json, status) in [
                (deployment.token, "POST", "/users", person, 409), (deployment.token, "POST", "/users", person + "}", 400),
                (deployment.token, "POST", "/users", #"{"email":["\#(Self.email)"],"name":"\#(Self.name)"}"#, 400),
                (deployment.token, "POST", "/users", #"{"email":"\#(Self.name)","name":"\#(Self.email)"}"#, 422),
                (deployment.token, "POST", "/users/\(id)/deactivate", #"{"reason":7,"name":"\#(Self.name)"}"#, 400),
                (viewer, "POST", "/users", person, 403), (apiKey, "POST", "/users", person, 403),
                (deployment.token + "x", "POST", "/users", person, 401), (apiKey + "x", "GET", "/users/\(id)", "", 401),
                (deployment.token, "GET", "/users?search=\(Self.email)&x=\(Self.name)", "", 400),
                (deployment.token, "GET", "/users/\(Self.email)", "", 400),
            ] {
                let answer = try await Client(url: address, token: token).send(method, path, json: json.isEmpty ? nil : json)
                #expect(answer.status == status, "\(method) \(path) \(answer.body)")
                told.append("\(answer.body)")
            }
            _ = try await client.send("GET", "/users?search=\(Self.email)&after=\(created.position ?? "0")")

            // While it runs: what other accounts of the machine and other sessions of the database see.
            told.append(try await Program.run(["-eww", "-o", "args"], executable: "/bin/ps"))
            let connection = try await Connection.connect(deployment.configuration, logger: TestDatabase.quiet)
            let sessions: SQL =
                "SELECT coalesce(string_agg(query || application_name, ' '), '') FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            let queries = try await connection.execute(sessions).first?.decode(String.self) ?? ""
            #expect(queries.contains("users"))
            told.append(queries)
            await connection.close()

            told += try await failures(environment, withPassword, deployment.folder)
            for program in [server, projector] {
                program.send(SIGTERM)
                #expect(try await program.end() == 0)
                told.append(program.output)
            }
            told.append(try await deployment.run("journal", "--json"))
            for canary in canaries {
                for text in told { #expect(!text.contains(canary), "\(canary.prefix(12))… in \(text.prefix(2000))") }
            }
            // Not because nothing was there to be found.
            #expect(told.joined().contains("email_taken") && told.joined().contains("invalid_token"))
            let events = try await deployment.run("events", "--json")
            #expect(events.contains(Self.email) && events.contains(Self.name))
        }
    }

    /// What the program says when it cannot start.
    private func failures(_ environment: [String: String], _ url: String, _ folder: URL) async throws -> [String] {
        let port = Int.random(in: 20_000..<32_000)
        let own = TestServer(settings: ["listen_addresses": "127.0.0.1", "port": "\(port)"])
        _ = try await own.connectionString()
        let loose = folder.appendingPathComponent("loose").path
        _ = FileManager.default.createFile(atPath: loose, contents: Data(url.utf8), attributes: [.posixPermissions: 0o644])
        var told: [String] = []
        for (changes, status) in [
            (["DATABASE_URL": "postgresql://postgres:\(Self.password)@127.0.0.1:\(port)/postgres"], nil),
            (["DATABASE_URL": "postgresql://postgres:\(Self.password)@127.0.0.1:1/postgres"], 69),
            (["DATABASE_URL": "postgresql://postgres:\(Self.password)@127.0.0.1:port/postgres"], nil),
            (["DATABASE_URL": "password=\(Self.password) nonsense"], 78), (["DATABASE_URL_FILE": loose], 78),
        ] as [([String: String], Int32?)] {
            let program = try Program(["projections"], environment: environment.merging(changes) { $1 })
            let ended = try await program.end()
            #expect(ended != 0 && (status == nil || ended == status), "\(program.output)")
            #expect(program.output.contains("error:"))
            told.append(program.output)
        }
        #expect(told[0].contains("password authentication failed"), "\(told[0])")
        try await own.stop()
        return told
    }
}
