import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldTesting
import Synchronization
import Testing

/// The built program, run and killed as an operator would.
@Suite(.serialized) struct ProcessTests {
    @Test(
        "serve and project, each in its own process and killed with -9 at random: nothing is lost, nothing repeated",
        arguments: SeededGenerator.seeds(1))
    func killed(seed: UInt64) async throws {
        try await Deployment.lend { deployment in
            var random = SeededGenerator(seed: seed)
            var server = try deployment.start("serve", "--port", "0")
            let url = try await server.prints(/url=(http:\S+)/)
            let port = try #require(url.split(separator: ":").last.map(String.init))
            var projector = try deployment.start("project")
            let client = Client(url: url, token: deployment.token)

            // Users in four lines at once, each created and renamed; every request is repeated until it is answered.
            let people = (0..<80).map { _ in UUID() }
            let done = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for part in 0..<4 {
                    group.addTask {
                        for (number, id) in people.enumerated() where number % 4 == part {
                            let create = #"{"id":"\#(id)","email":"u\#(number)@example.com","name":"U"}"#
                            let created = try await client.insist("POST", "/users", json: create, key: UUID())
                            #expect(created.status == 201, "\(created.body)")
                            let renamed = try await client.insist("PATCH", "/users/\(id)", json: #"{"name":"V\#(number)"}"#, key: UUID())
                            #expect(renamed.status == 200, "\(renamed.body)")
                            #expect(renamed.body["version"] == "2")
                            done.increment()
                        }
                    }
                }
                while done.count < people.count {
                    try await Task.sleep(for: .milliseconds(Int.random(in: 50...700, using: &random)))
                    if Bool.random(using: &random) {
                        server.send(SIGKILL)
                        try await server.end()
                        server = try deployment.start("serve", "--port", port)
                    } else {
                        projector.send(SIGKILL)
                        try await projector.end()
                        projector = try deployment.start("project")
                    }
                }
                try await group.waitForAll()
            }

            let database = LeftfoldDatabase(deployment.configuration, logger: TestDatabase.quiet)
            try await eventually("the projector has caught up", within: .seconds(60)) {
                try await database.projectionStatuses().allSatisfy { $0.eventsBehind == 0 }
            }
            let log = try await database.store.read(after: .zero, limit: 1000)
            #expect(log.count == 160)
            for id in people {
                let stream = try #require(StreamName(rawValue: "user-\(id.uuidString.lowercased())"))
                #expect(log.filter { $0.stream == stream }.map(\.type) == ["UserCreated", "UserRenamed"])
            }
            let accepted = try await database.store.journal(JournalFilter(limit: 1000)).filter { $0.outcome == .accepted }
            #expect(accepted.count == 160)
            for projection in ["user_directory", "user_history"] {
                _ = try await deployment.run("projections", "verify", projection)
            }
            let rows = try await database.pool.execute("SELECT count(*) FROM user_directory WHERE version = 2").first?.decode(Int.self)
            #expect(rows == 80)
            await database.close()

            for program in [server, projector] {
                program.send(SIGTERM)
                #expect(try await program.end() == 0)
            }
        }
    }

    @Test("An import that is killed and run again ends in the state of one that was left alone")
    func importKilled() async throws {
        let url = try await TestServer.shared.connectionString()
        let output = try await Program.run(
            ["--count", "3000", "--seed", "7", "--kills", "4"], environment: ["DATABASE_URL": url, "USERS": Program.path],
            executable: Program.repository.appendingPathComponent("scripts/check-import").path)
        #expect(output.contains("the same state"))
    }

    @Test(
        "A mistake in the configuration ends with status 78 and says which; a database that is away with 69",
        arguments: [
            (["PORT": "eighty"], 78, "PORT"), (["LOG_LEVEL": "loud"], 78, "LOG_LEVEL"), (["DATABASE_URL": "nonsense"], 78, "DATABASE_URL"),
            (["DATABASE_URL": ""], 78, "DATABASE_URL"), (["DATABASE_URL": "host=/nonexistent dbname=x"], 69, "reached"),
        ])
    func misconfigured(environment: [String: String], status: Int32, told: String) async throws {
        let output = try await Program.run(["projections"], environment: environment, expecting: status)
        #expect(output.contains(told), "\(output)")
    }

    @Test(
        "dev needs nothing, leaves no process behind, goes on with the same data, and knows no other database",
        arguments: [(SIGTERM, "127.0.0.1"), (SIGINT, "localhost"), (SIGHUP, "::1")])
    func dev(signal: Int32, host: String) async throws {
        let folder = URL(fileURLWithPath: "/tmp/leftfold-dev-\(UInt32.random(in: 0 ... .max))")
        defer { try? FileManager.default.removeItem(at: folder) }
        // As after a look at another folder, in a shell that is set up for another server.
        let environment = [
            "DATABASE_URL": "host=/nonexistent dbname=other", "READ_DATABASE_URL": "host=/nonexistent dbname=other", "HOST": host,
            "PGHOST": "/nonexistent", "PGPORT": "1", "PGDATABASE": "other", "PGUSER": "nobody", "PGOPTIONS": "-c nonsense=1",
            "PGSERVICE": "nonsense", "PGSSLMODE": "verify-full",
        ]
        let settings = folder.path + ".env"
        defer { try? FileManager.default.removeItem(atPath: settings) }
        for run in 1...2 {
            let program = try Program(
                ["dev", "--port", "0", "--data", folder.path, "--write-env", settings], environment: environment)
            let url = try await program.prints(/export URL='?([^'\s]+)/)
            let token = try await program.prints(/export TOKEN=(\S+)/)
            // What was written leads there, for a shell and for the program.
            func shell(_ line: String) async throws -> String {
                try await Program.run(
                    ["-ec", ". \(settings); \(line)"], environment: environment.merging(["users": Program.path]) { $1 },
                    executable: "/bin/sh")
            }
            #expect(try await shell("echo $URL $TOKEN") == "\(url) \(token)\n")
            let curl = #"curl -gsS "$URL/users$query" -H "Authorization: Bearer $TOKEN""#
            if run == 1 {
                let json = #"{"email":"ada@example.com","name":"Ada"}"#
                let created = try await shell("\(curl) -H 'Content-Type: application/json' -d '\(json)'")
                #expect(created.contains(#""position":1"#), "\(created)")
            }
            let list = try await shell("query=?after=1; \(curl)")
            #expect(list.contains("ada@example.com"), "\(list)")
            let events = try await shell(#""$users" events"#)
            #expect(events.contains("UserCreated"))
            #expect(try await Program.run(["events", "--env-file", settings], environment: ["DATABASE_URL": ""]) == events)

            // PostgreSQL names its folder on its command line, and so do we.
            _ = try await Program.run(["-f", folder.path], executable: "/usr/bin/pgrep")
            program.send(signal)
            #expect(try await program.end() == 0)
            _ = try await Program.run(["-f", folder.path], executable: "/usr/bin/pgrep", expecting: 1)
        }
    }

    private final class Counter: Sendable {
        private let value = Mutex(0)
        var count: Int { value.withLock { $0 } }
        func increment() { value.withLock { $0 += 1 } }
    }
}
