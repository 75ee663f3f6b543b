import Foundation
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Every subcommand of the built program, its exit status, and what it prints for machines.
@Suite(.serialized) struct SubcommandTests {
    /// One call.
    struct Call {
        let arguments: [String]
        var status: Int32 = 0
        /// With `--json`: the keys of each line; at least one line is expected.
        var keys: Set<String>?
        /// Printed somewhere.
        var prints: String = ""

        init(_ line: String, status: Int32 = 0, keys: Set<String>? = nil, prints: String = "") {
            self.init(line.split(separator: " ").map(String.init), status: status, keys: keys, prints: prints)
        }

        init(_ arguments: [String], status: Int32 = 0, keys: Set<String>? = nil, prints: String = "") {
            (self.arguments, self.status, self.keys, self.prints) = (arguments, status, keys, prints)
        }
    }

    private static let id = "7f1c2f0e-8a51-4c0e-9f5e-0d6a3a4b5c6d"
    private static let key = "00000000-0000-4000-8000-000000000001"
    private static let create = #"{"id":"\#(id)","email":"ada@example.com","name":"Ada"}"#
    private static let event: Set<String> = [
        "position", "stream", "version", "type", "data", "principal", "correlation_id", "command_id", "recorded_at",
    ]
    private static let entry: Set<String> = ["command_id", "name", "principal", "correlation_id", "received_at", "finished_at", "outcome"]

    /// With a projector at work, in this order.
    private static func calls(_ folder: URL) -> [Call] {
        let file = folder.appendingPathComponent("people.jsonl").path
        return [
            Call("migrate --json"), Call("migrate --check --json"), Call("migrate --check", prints: "up to date"),
            Call("migrate --grant service=me", status: 64, prints: "--roles"),
            Call("migrate --roles --grant king=me", status: 64, prints: "projector"),
            Call(["send", "CreateUser", create, "--id", key, "--json"], keys: ["streams", "position"]),
            Call(["send", "CreateUser", create, "--id", key], prints: "user-\(id) is at version 1"),
            Call(["send", "CreateUser", create], status: 1, prints: "user_already_exists"),
            Call(["send", "Nonsense", "{}"], status: 1, prints: "unknown_command"),
            Call(["ask", "GetUser", #"{"id":"\#(id)"}"#, "--after", "1"], keys: ["id", "email", "name", "status", "version"]),
            Call(["ask", "GetUser", #"{"id":"\#(key)"}"#], status: 1, prints: "user_not_found"),
            Call("events --json", keys: event), Call("events --after 0 --limit 1", prints: "UserCreated"),
            Call("streams show user-\(id) --json", keys: event), Call("streams user-\(id)", prints: "UserCreated"),
            Call("streams show user-\(key)", status: 3), Call("streams show nonsense", status: 1, prints: "category-id"),
            Call("streams state user-\(id) --json", keys: ["stream", "version", "position", "recorded_at", "state"]),
            Call("streams state user-\(id) --version 1", prints: #""email":"ada@example.com""#),
            Call("streams state user-\(id) --version 2", status: 3, prints: "there is no version 2"),
            Call("streams state user-\(id) --at 2020-01-01T00:00:00Z", status: 3, prints: "had no events by then"),
            Call("streams state user-\(key)", status: 3, prints: "no events"),
            Call("streams state ship-1", status: 78, prints: "there are user"),
            Call("journal --json", keys: entry), Call("journal --outcome rejected --json", keys: entry.union(["code"])),
            Call("journal --id \(key)", prints: "CreateUser"), Call("journal --outcome nonsense", status: 64),
            Call("projections --json", keys: ["projection", "generation", "state", "position", "head", "events_behind", "seconds_behind"]),
            Call("projections list", prints: "user_directory"),
            Call("projections verify user_directory --json", keys: ["projection", "generation", "position", "tables", "differences"]),
            Call("projections verify user_history --events-per-second 100000", prints: "equals a fold of the log"),
            Call("projections explain user_directory \(id) --json", keys: ["projection", "table", "key", "position", "events", "steps"]),
            Call("projections explain user_history user_id=\(id) version=1", prints: "UserCreated"),
            Call("projections explain user_directory \(key)", status: 3, prints: "never had a row with id=\(key)"),
            Call("projections explain user_directory nonsense", status: 1, prints: "not_a_key"),
            Call("projections explain user_directory \(id) --table users", status: 1, prints: "unknown_table"),
            Call("projections show user_directory \(id) --json", keys: ["id", "email", "name"]),
            Call("projections show user_directory \(key)", status: 3, prints: "no row"),
            Call("projections show user_directory --as-of 0", prints: "as of position 0, in the schema leftfold_user_directory_v"),
            Call("projections show user_directory --as-of 1 --keep 1h \(id)", prints: "ada@example.com"),
            Call("projections show user_directory --as-of 1000000", status: 1, prints: "position_beyond_log"),
            Call("projections show user_directory --as-of 2999-01-01T00:00:00Z", status: 1, prints: "time_to_come"),
            Call("projections drop-as-of user_directory --json", keys: ["projection", "dropped"]),
            Call("projections drop-as-of user_directory", prints: "nothing to drop"),
            Call("projections verify nonsense", status: 78, prints: "user_directory"),
            Call("projections retry user_history --json", keys: ["projection", "retried"]),
            Call("projections pause user_history --reason tests --json", keys: ["projection", "operation", "done"]),
            Call("projections pause user_history", status: 64, prints: "--reason"), Call("projections list", prints: "paused"),
            Call("projections resume user_history", prints: "goes on"), Call("projections resume user_history", prints: "was not paused"),
            Call("projections resume user_history --stream user-\(id)", status: 1, prints: "not_parked"),
            Call("projections skip user_history --position 1 --reason tests", status: 1, prints: "not_stopped_there"),
            Call("projections skip user_history --stream user-\(id) --reason tests", status: 1, prints: "not_stopped_there"),
            Call("projections remove user_history --reason tests", status: 1, prints: "projection_in_use"),
            Call("projections remove nonsense --reason tests", status: 78, prints: "nonsense"), Call("projections skips", prints: "reason"),
            Call(
                "projections operations --json", keys: ["number", "performed_at", "operation", "projection", "session_role", "principal"]),
            Call("projections operations user_history", prints: "local:"),
            Call("rebuild user_history --json", keys: ["projection", "generation", "seconds", "attached"]),
            Call("rebuild user_history --dry-run --diff", prints: "0 added, 0 removed, 0 changed"),
            Call("rebuild user_history --dry-run --json", keys: ["projection", "live", "generation", "position", "tables"]),
            Call("rebuild user_history --keep --keep-for 1h", status: 64, prints: "--keep"),
            Call("rebuild user_history --diff --keep", prints: "is live"), Call("projections", prints: "kept"),
            Call("projections list --all", prints: "retired"),
            Call("projections rollback user_history --reason tests --json", keys: ["projection", "generation"]),
            Call("projections drop user_history --reason tests --json", keys: ["projection", "generation"]),
            Call("projections rollback user_history --reason tests", status: 1, prints: "nothing_kept"),
            Call("projections drop user_history --generation 99 --reason tests", status: 1, prints: "no_such_generation"),
            Call("rebuild nonsense", status: 78),
            Call("doctor --check database --check schema --check projections --json", keys: ["check", "healthy", "detail"]),
            // The server of the tests does not sync.
            Call("doctor --json", status: 3, keys: ["check", "healthy", "detail"]),
            Call("doctor --check database --check schema --check rights", prints: "ok   rights: "),
            Call("doctor --check http", status: 3, prints: "BAD"), Call("doctor --check projector", status: 78, prints: "PROJECT_PORT"),
            Call("generate --count 200 --seed 1 --output \(file)"), Call("generate --count -1", status: 64),
            Call("import \(file) --json", status: 3, keys: ["lines", "accepted", "rejected", "invalid", "end", "seconds"]),
            Call("import \(file)", status: 3, prints: "of them in an earlier run"), Call("import /nowhere", status: 1),
            Call("import \(file) --label again", status: 3, prints: " more lines: user_already_exists"),
            Call("token --subject me --role viewer", prints: "ey"), Call("token --subject me --lifetime 0", status: 64),
            Call("secrets \(folder.path)", prints: "kept: "),
            Call("openapi", keys: ["openapi", "info", "paths", "components", "security", "servers", "tags"]),
            Call("nonsense", status: 64), Call("--help", prints: "journal"),
        ]
    }

    @Test("Every subcommand ends with the status that is promised, and prints one JSON object a line for machines")
    func calls() async throws {
        try await Deployment.lend { deployment in
            let projector = try deployment.start("project")
            for call in Self.calls(deployment.folder) {
                // A projector takes a moment to take over what was just rebuilt.
                if call.arguments[0] == "doctor" { try await settled(deployment) }
                let output = try await Program.run(call.arguments, environment: quiet(deployment), expecting: call.status)
                #expect(call.prints.isEmpty || output.contains(call.prints), "\(call.arguments)")
                guard let keys = call.keys else { continue }
                let lines = output.split(separator: "\n").filter {
                    $0.hasPrefix("{") && (call.keys?.contains("code") == true || !$0.hasPrefix(#"{"code":"#) || !$0.contains(#""line":"#))
                }
                #expect(!lines.isEmpty, "\(call.arguments): \(output)")
                for line in lines {
                    let json = try? JSONSerialization.jsonObject(with: Data(line.utf8))
                    let object = try #require(json as? [String: Any], "\(call.arguments): \(line)")
                    #expect(keys.isSubset(of: object.keys), "\(call.arguments): \(line)")
                }
            }
            projector.send(SIGTERM)
            #expect(try await projector.end() == 0)
        }
    }

    @Test("serve answers health on ADMIN_PORT if there is one, and doctor asks it there")
    func administration() async throws {
        try await Deployment.lend { deployment in
            var environment = deployment.environment
            for (name, value) in ["LOG_FORMAT": "json", "ADMIN_PORT": "0", "PORT": "0"] { environment[name] = value }
            let server = try Program(["serve"], environment: environment)
            environment["ADMIN_PORT"] = try await server.prints(/"message":"health and metrics","metadata":\{"host":"[^"]*","port":"(\d+)"/)
            let doctor = try Program(["doctor", "--check", "http"], environment: environment)
            #expect(try await doctor.end() == 0)
            #expect(doctor.output.contains("ok   http: GET /health/ready answered 200"))
            server.send(SIGTERM)
            #expect(try await server.end() == 0)
        }
    }

    @Test("The table above, the process tests and --help know the same subcommands")
    func complete() async throws {
        let help = try await Program.run(["--help"])
        let listed = help.matches(of: /(?m)^  ([a-z]+)  +[A-Z]/).map { String($0.output.1) }
        #expect(listed.count > 15)
        // These run until they are stopped; `ProcessTests` and the test below do that.
        let tried = Set(Self.calls(URL(fileURLWithPath: "/")).map { $0.arguments[0] }).union(["dev", "serve", "project", "help"])
        #expect(Set(listed).subtracting(tried) == [])
    }

    @Test("project answers health and metrics on a port of its own, and says in one JSON object a line what it does")
    func project() async throws {
        try await Deployment.lend { deployment in
            var environment = deployment.environment
            environment["LOG_FORMAT"] = "json"
            environment["PROJECT_PORT"] = "0"
            let projector = try Program(["project"], environment: environment)
            let port = try await projector.prints(/"url":"http:\/\/127.0.0.1:(\d+)"/)
            environment["PROJECT_PORT"] = port
            let deadline = ContinuousClock.now + .seconds(30)
            var answer = ""
            repeat {
                let doctor = try Program(["doctor", "--check", "projector"], environment: environment)
                try await doctor.end()
                answer = doctor.output
            } while !answer.contains("ok   projector") && ContinuousClock.now < deadline
            #expect(answer.contains("GET /health/ready answered 200"))
            let url = try #require(URL(string: "http://127.0.0.1:\(port)/metrics"))
            let metrics = String(decoding: try await URLSession.shared.data(from: url).0, as: UTF8.self)
            #expect(metrics.contains(#"leftfold_projection_position{projection="user_directory"}"#), "\(metrics)")
            projector.send(SIGTERM)
            #expect(try await projector.end() == 0)
            for line in projector.output.split(separator: "\n") {
                let object = (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any]
                #expect(object?["timestamp"] != nil && object?["level"] != nil && object?["message"] != nil, "\(projector.output)")
            }
        }
    }

    private func settled(_ deployment: Deployment) async throws {
        let database = LeftfoldDatabase(deployment.configuration, logger: TestDatabase.quiet)
        try await eventually("somebody works on every projection") {
            try await database.projectionStatuses().filter { $0.state == "live" }.allSatisfy { $0.worker != nil }
        }
        await database.close()
    }

    /// As an operator's shell has it: without what the servers need.
    private func quiet(_ deployment: Deployment) -> [String: String] {
        var environment = deployment.environment
        environment["LOG_LEVEL"] = "warning"
        environment["PORT"] = "1"
        return environment
    }
}
