import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import LeftfoldTesting
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// An event that no code can read, and the way out of it, with the built program.
@Suite("Poison", .serialized) struct PoisonTests {
    @Test("stops a projection; skipped, it goes on; project and serve show both, on readiness and metrics")
    func skipped() async throws {
        try await Deployment.lend { deployment in
            var environment = deployment.environment
            for (name, value) in ["PROJECT_PORT": "0", "ADMIN_PORT": "0", "PORT": "0", "LOG_FORMAT": "json"] { environment[name] = value }
            let projector = try Program(["project"], environment: environment)
            let server = try Program(["serve"], environment: environment)
            let projectPort = try await projector.prints(/"url":"http:\/\/127.0.0.1:(\d+)"/)
            let servePort = try await server.prints(/"message":"health and metrics","metadata":\{"host":"[^"]*","port":"(\d+)"/)

            let database = LeftfoldDatabase(deployment.configuration, logger: TestDatabase.quiet)
            let poison = "SELECT leftfold.write('user-7f1c2f0e-8a51-4c0e-9f5e-0d6a3a4b5c6d', 'UserTeleported', '{}')"
            _ = try await database.pool.execute("\(unsafe: poison)")
            try await eventually("both have stopped", within: .seconds(60)) {
                try await database.projectionStatuses().filter { $0.failedPosition == 1 }.count == 2
            }
            try await shows(projectPort, status: 503, "stopped at position 1")
            try await shows(servePort, status: 200, "stopped at position 1")
            for port in [projectPort, servePort] { try await tells(port, #"leftfold_projection_stopped{projection="user_directory"} 1"#) }

            for name in ["user_directory", "user_history"] {
                #expect(try await deployment.run("projections", expecting: 3).contains("failed"))
                _ = try await deployment.run("projections", "skip", name, "--position", "1", "--reason", "nobody teleports")
            }
            try await eventually("both have gone on", within: .seconds(60)) {
                try await database.projectionStatuses().allSatisfy { $0.eventsBehind == 0 && $0.worker != nil }
            }
            for port in [projectPort, servePort] {
                try await shows(port, status: 200, "leaves out 1 skipped events")
                try await tells(port, #"leftfold_projection_skipped_events{projection="user_directory"} 1"#)
            }
            #expect(try await deployment.run("projections", "skips").contains("nobody teleports"))
            #expect(try await deployment.run("doctor", "--check", "projections").contains("warn projection user_directory"))
            for program in [server, projector] {
                program.send(SIGTERM)
                #expect(try await program.end() == 0)
            }
            let leases: Int? = try await database.pool.execute("SELECT count(*) FROM leftfold.followers WHERE lease_until IS NOT NULL")
                .first?
                .decode(Int.self)
            #expect(leases == 0, "SIGTERM lets go of every lease")
            await database.close()
        }
    }

    private func get(_ path: String, _ port: String) async throws -> (status: Int, body: String) {
        let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
        let (body, response) = try await URLSession.shared.data(from: url)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: body, as: UTF8.self))
    }

    private func shows(_ port: String, status: Int, _ text: String) async throws {
        try await eventually("readiness shows it: \(text)", within: .seconds(60)) {
            let answer = try await get("/health/ready", port)
            return answer.status == status && answer.body.contains(text)
        }
    }

    private func tells(_ port: String, _ line: String) async throws {
        try await eventually("metrics tell it: \(line)", within: .seconds(60)) { try await get("/metrics", port).body.contains(line) }
    }
}
