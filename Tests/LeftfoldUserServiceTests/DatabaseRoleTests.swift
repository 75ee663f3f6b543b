import Foundation
import LeftfoldDriver
import LeftfoldPostgresTesting
import Testing

/// The built program as several roles of the database.
@Suite struct DatabaseRoleTests {
    @Test("migrate --roles makes roles; each process works as one of them, and one without says what it lacks")
    func processes() async throws {
        try await Deployment.lend { deployment in
            let prefix = "p\(UInt32.random(in: 0 ... .max))"
            let kinds = ["service", "projector", "operator", "owner"]
            let superuser = try await Connection.connect(deployment.configuration, logger: TestDatabase.quiet)
            for login in kinds + ["nobody"] { try await superuser.execute(SQL(unsafe: "CREATE ROLE \(prefix)_as_\(login) LOGIN")) }
            func environment(_ login: String) -> [String: String] {
                var environment = deployment.environment
                let url = environment["DATABASE_URL"] ?? ""
                environment["DATABASE_URL"] = url + (url.contains("?") ? "&" : "?") + "user=\(prefix)_as_\(login)"
                environment["LOG_LEVEL"] = "warning"
                return environment
            }
            let asked = try await Program.run(["migrate", "--roles", "--json"], environment: environment("nobody"), expecting: 78)
            #expect(asked.contains(#""code":"missing_rights""#) && asked.contains("ALTER ROLE \(prefix)_as_nobody CREATEROLE;"), "\(asked)")

            let arguments =
                ["migrate", "--roles", "--role-prefix", prefix, "--json"] + kinds.flatMap { ["--grant", "\($0)=\(prefix)_as_\($0)"] }
            let made = try await Program.run(arguments, environment: deployment.environment)
            #expect(made.contains(#""role":"\#(prefix)_service""#) && made.contains(#""created":true"#), "\(made)")
            let migrated = try await Program.run(["migrate"], environment: environment("owner"))
            #expect(migrated.contains("up to date"))

            let projector = try Program(["project"], environment: environment("projector"))
            let id = "7f1c2f0e-8a51-4c0e-9f5e-0d6a3a4b5c6d"
            let create = #"{"id":"\#(id)","email":"ada@example.com","name":"Ada"}"#
            _ = try await Program.run(["send", "CreateUser", create], environment: environment("service"))
            let question = ["ask", "GetUser", #"{"id":"\#(id)"}"#, "--after", "1"]
            #expect(try await Program.run(question, environment: environment("service")).contains("Ada"))
            _ = try await Program.run(["rebuild", "user_directory"], environment: environment("operator"))
            // As a superuser.
            _ = try await Program.run(["rebuild", "user_directory"], environment: deployment.environment)
            _ = try await Program.run(["send", "UpdateUser", #"{"id":"\#(id)","name":"Bea"}"#], environment: environment("service"))
            let renamed = ["ask", "GetUser", #"{"id":"\#(id)"}"#, "--after", "2"]
            #expect(try await Program.run(renamed, environment: environment("service")).contains("Bea"))
            _ = try await Program.run(
                ["send", "UpdateUser", #"{"id":"\#(id)","name":"Eve"}"#], environment: environment("operator"), expecting: 69)
            let doctor = try await Program.run(["doctor", "--check", "rights"], environment: environment("operator"))
            #expect(doctor.contains("ok   rights: \(prefix)_as_operator may do what is for projector, reader"), "\(doctor)")
            let lacking = try await Program.run(["doctor", "--check", "rights"], environment: environment("nobody"), expecting: 3)
            #expect(lacking.contains("permission denied for schema leftfold"), "\(lacking)")
            projector.send(SIGTERM)
            #expect(try await projector.end() == 0)

            let roles = try await superuser.execute("SELECT rolname::text FROM pg_roles WHERE starts_with(rolname, \(prefix + "_"))")
                .map { try $0.decode(String.self) }
            for role in roles { try await superuser.execute(SQL(unsafe: "DROP OWNED BY \(role) CASCADE")) }
            for role in roles { try await superuser.execute(SQL(unsafe: "DROP ROLE \(role)")) }
            await superuser.close()
        }
    }
}
