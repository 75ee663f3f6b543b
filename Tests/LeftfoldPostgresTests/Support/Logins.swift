import Leftfold
import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting

/// Roles that can log in, made for one test. Their names are as hostile as names can be.
struct Logins: Sendable {
    let superuser: ConnectionConfiguration
    /// Of the roles that the test makes beside them, too.
    let prefix: String

    /// Lends an empty database of which nobody but a superuser may do more than connect. All roles that begin with the prefix go afterwards, with
    /// what is theirs.
    static func lend(_ body: @escaping (Logins) async throws -> Void) async throws {
        try await TestDatabase.withEmpty { configuration in
            let logins = Logins(superuser: configuration, prefix: "t\(UInt32.random(in: 0 ... .max)) \"Ü';--")
            let result: Result<Void, any Error>
            do { result = .success(try await body(logins)) } catch { result = .failure(error) }
            let owner = try await Connection.connect(configuration, logger: TestDatabase.quiet)
            let roles = try await owner.execute("SELECT quote_ident(rolname) FROM pg_roles WHERE starts_with(rolname, \(logins.prefix))")
                .map { try $0.decode(String.self) }
            for role in roles { try await owner.execute(SQL(unsafe: "DROP OWNED BY \(role) CASCADE")) }
            for role in roles { try await owner.execute(SQL(unsafe: "DROP ROLE \(role)")) }
            await owner.close()
            try result.get()
        }
    }

    func name(_ login: String) -> String { "\(prefix) login \(login)" }

    static func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }

    func make(_ login: String) async throws -> ConnectionConfiguration {
        try await asSuperuser("CREATE ROLE \(Self.quoted(name(login))) LOGIN")
        return configuration(login)
    }

    func configuration(_ login: String) -> ConnectionConfiguration {
        var configuration = superuser
        configuration["user"] = name(login)
        return configuration
    }

    func asSuperuser(_ statements: String...) async throws {
        let connection = try await Connection.connect(superuser, logger: TestDatabase.quiet)
        for statement in statements { try await connection.execute(script: statement) }
        await connection.close()
    }

    /// Works with the database as a login.
    func with<T: Sendable>(_ login: String, _ body: @escaping (LeftfoldDatabase) async throws -> T) async throws -> T {
        try await LeftfoldDatabase(configuration(login), poolSize: 2, logger: TestDatabase.quiet).running(body)
    }

    /// A login for each of the log's roles, called like it; the migrator is the owner's.
    func withRoles() async throws {
        for role in DatabaseRole.allCases { _ = try await make(role.rawValue) }
        _ = try await Migrator(superuser).migrate()
        let database = LeftfoldDatabase(superuser, logger: TestDatabase.quiet)
        try await database.createReadTables([Ledger()])
        await database.close()
        let members = DatabaseRole.allCases.map { (login: name($0.rawValue), role: $0) }
        _ = try await Migrator(superuser).setUpRoles(DatabaseRoles(prefix: prefix, members: members))
    }
}
