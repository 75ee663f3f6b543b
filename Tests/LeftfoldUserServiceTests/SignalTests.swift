import Foundation
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

/// What ends the program, and what must not keep it from ending.
@Suite("Signals and logs", .serialized) struct SignalTests {
    @Test("A rebuild that is stopped ends in a sentence, and leaves the live tables as they were", arguments: [SIGINT, SIGTERM, SIGHUP])
    func rebuild(signal: Int32) async throws {
        try await Deployment.lend { deployment in
            _ = try await deployment.run("rebuild", "user_directory")
            let connection = try await TestDatabase.connectToHold(deployment.configuration)
            // It cannot read the log while this is held, and so cannot be done before it is stopped.
            try await connection.execute("BEGIN")
            try await connection.execute("LOCK TABLE leftfold.events IN ACCESS EXCLUSIVE MODE")
            for json in [false, true] {
                let program = try Program(["rebuild", "user_directory"] + (json ? ["--json"] : []), environment: deployment.environment)
                try await eventually("it waits for the log") {
                    let waiting: Int? = try await connection.execute(
                        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'leftfold.events'::regclass"
                    ).first?.decode(Int.self)
                    return waiting ?? 0 > 0
                }
                program.send(signal)
                #expect(try await program.end() == 128 + signal)
                #expect(program.output.contains("the live tables are as they were"), "\(program.output)")
                #expect(program.output.contains(#"{"code":"interrupted","#) == json, "\(program.output)")
                #expect(!program.output.contains("Cancellation"), "\(program.output)")
            }
            try await connection.execute("ROLLBACK")
            await connection.close()
            let projections = try await deployment.run("projections", "--json")
            #expect(projections.contains(#""state":"live""#), "\(projections)")
        }
    }

    @Test("A standard error that nobody reads keeps neither answers nor the end waiting", arguments: [SIGTERM, SIGHUP])
    func unread(signal: Int32) async throws {
        try await Deployment.lend { deployment in
            let path = deployment.folder.appendingPathComponent("log").path
            try #require(mkfifo(path, 0o600) == 0)
            let descriptor = open(path, O_RDWR | O_NONBLOCK)
            try #require(descriptor >= 0)
            defer { close(descriptor) }
            // Full from the beginning: not one line of the program goes in.
            let filling = [UInt8](repeating: UInt8(ascii: "\n"), count: 4096)
            while write(descriptor, filling, filling.count) > 0 {}
            while write(descriptor, filling, 1) > 0 {}

            let port = "\(Int.random(in: 20_000..<32_000))"
            let server = try Program(
                ["-c", "exec \"$users\" serve --port \(port) 2>\"$log\""],
                environment: deployment.environment.merging(["users": Program.path, "log": path, "LOG_LEVEL": "trace"]) { $1 },
                executable: "/bin/sh")
            let client = Client(url: "http://127.0.0.1:\(port)", token: deployment.token)
            _ = try await client.insist("POST", "/users", json: #"{"email":"ada@example.com","name":"Ada"}"#, key: UUID())
            for _ in 0..<300 { #expect(try await client.send("GET", "/users").status == 200) }
            server.send(signal)
            #expect(try await server.end(within: .seconds(20)) == 0)
        }
    }

    @Test("Each request leaves one line at info where that is wanted, and none else", arguments: [true, false])
    func requests(wanted: Bool) async throws {
        try await Deployment.lend { deployment in
            let server = try Program(
                ["serve", "--port", "0"], environment: deployment.environment.merging(["LOG_REQUESTS": "\(wanted)"]) { $1 })
            let url = try await server.prints(/(http:\S+)/)
            let client = Client(url: url, token: deployment.token)
            for _ in 0..<5 { #expect(try await client.send("GET", "/users?search=somebody").status == 200) }
            server.send(SIGTERM)
            #expect(try await server.end() == 0)
            let lines = server.output.split(separator: "\n").filter { $0.contains("GET /users 200") }
            #expect(lines.count == (wanted ? 5 : 0), "\(server.output)")
            for line in lines {
                for key in [" info ", "correlation_id=", "duration=", "subject=tester", "status=200", "route=/users"] {
                    #expect(line.contains(key), "\(line)")
                }
                #expect(!line.contains("somebody"))
            }
        }
    }
}
