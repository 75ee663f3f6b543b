import Foundation
import Leftfold
import LeftfoldDriver
import LeftfoldPostgresTesting
import LeftfoldTesting
import LeftfoldUsers
import LeftfoldUsersReadModel
import Testing

@testable import LeftfoldPostgres

/// A connection owes nothing to the defaults of server, database or role.
@Suite("Hostile settings", .timeLimit(.minutes(10)))
struct HostileSettingsTests {
    /// Several at once, which a database gives to each of its sessions.
    static let settings: [[String: String]] = [
        [
            "default_transaction_isolation": "'repeatable read'", "search_path": "app", "client_min_messages": "error",
            "TimeZone": "'Asia/Kathmandu'", "DateStyle": "'SQL, DMY'", "IntervalStyle": "sql_standard",
        ],
        [
            "default_transaction_isolation": "serializable", "search_path": "''", "bytea_output": "escape", "extra_float_digits": "-15",
            "client_encoding": "LATIN1", "standard_conforming_strings": "off", "backslash_quote": "on",
        ],
        [
            "search_path": "\"$user\"", "default_transaction_read_only": "on", "default_transaction_deferrable": "on",
            "statement_timeout": "1", "lock_timeout": "1", "idle_in_transaction_session_timeout": "1", "idle_session_timeout": "1",
        ],
        [
            "search_path": "hostile, public", "array_nulls": "off", "transform_null_equals": "on", "xmloption": "document",
            "quote_all_identifiers": "on", "check_function_bodies": "off", "row_security": "off", "gin_fuzzy_search_limit": "1",
            "temp_file_limit": "1", "session_replication_role": "origin",
        ],
        [
            "search_path": "hostile", "plan_cache_mode": "force_custom_plan",
            "work_mem": "64", "synchronize_seqscans": "off", "jit": "on", "constraint_exclusion": "off",
            "default_toast_compression": "pglz",
            "default_with_oids": "off",
        ],
    ]

    /// Of the same names as ours, before or instead of the schema where ours are.
    private static let decoys = """
        CREATE SCHEMA hostile;
        CREATE TABLE hostile.user_directory (nothing text);
        CREATE TABLE hostile.events (nothing text);
        CREATE TABLE hostile.followers (nothing text);
        CREATE FUNCTION hostile.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT ''::bytea $$;
        """

    @Test("of a database do not matter: migration, contract, projection, queries, rebuild", arguments: settings)
    func ofTheDatabase(_ settings: [String: String]) async throws {
        try await TestDatabase.withEmpty { configuration in
            try await Self.set(settings, configuration)
            try await Self.everything(configuration)
        }
    }

    static func set(_ settings: [String: String], _ configuration: ConnectionConfiguration) async throws {
        let connection = try await Connection.connect(configuration, logger: TestDatabase.quiet)
        try await connection.execute(script: decoys)
        let database = try await connection.execute("SELECT quote_ident(current_database())").first?.decode(String.self) ?? ""
        for (name, value) in settings {
            let isKnown = try await connection.execute("SELECT current_setting(\(name), true) IS NOT NULL").first?.decode(Bool.self)
            // Not by every version.
            if isKnown == true { try await connection.execute(script: "ALTER DATABASE \(database) SET \(name) = \(value)") }
        }
        await connection.close()
    }

    static func everything(_ configuration: ConnectionConfiguration, listening: ConnectionConfiguration? = nil) async throws {
        _ = try await Migrator(configuration).migrate()
        #expect(try await Migrator(configuration).pending().isEmpty)
        try await LeftfoldDatabase(configuration, listening: listening, logger: TestDatabase.quiet).running { database in
            let checks = EventStoreContract.all
            for check in checks {
                do { try await check.run(on: database.store) } catch { Issue.record("\(check): \(error)") }
            }
            try await users(database)
        }
    }

    private static func users(_ database: LeftfoldDatabase) async throws {
        let commands = CommandBus(store: database.store, policy: UsersPolicy.roles, commands: [CreateUser.self, UpdateUser.self])
        let models = ReadModels(database)
        let queries = QueryBus(
            policy: UsersPolicy.roles,
            handlers: [
                models.handler(for: GetUser.self), models.handler(for: ListUsers.self), models.handler(for: GetUserHistory.self),
            ], cache: QueryCache(database.progress))
        try await database.projecting(UserHistory()) {
            try await database.projecting(UserDirectory()) { try await ask(queries, after: commands, database) }
        }
    }

    private static func ask(_ queries: QueryBus, after commands: CommandBus, _ database: LeftfoldDatabase) async throws {
        let principal = Principal(subject: "tester", roles: ["admin"])
        let id = UUID()
        _ = try await commands.send(CreateUser(id: id, email: "a@example.com", name: "A"), CommandContext(principal: principal))
        let renamed = try await commands.send(UpdateUser(id: id, name: "B"), CommandContext(principal: principal))
        let context = QueryContext(
            principal: principal, correlationID: "test", after: renamed.position, patience: .seconds(60))
        #expect(try await queries.ask(GetUser(id: id), context).value.name == "B")
        #expect(try await queries.ask(ListUsers(search: "b"), context).value.users.map(\.id) == [id])
        #expect(try await queries.ask(GetUserHistory(id: id), context).value.changes.count == 2)
        _ = try await Rebuild(UserDirectory(), in: database).run()
        #expect(try await queries.ask(GetUser(id: id), context).value.name == "B")
        #expect(try await database.store.journal(JournalFilter()).count >= 2)
    }

    // MARK: What the operator asks for

    @Test("of the operator are honoured on every connection")
    func operators() async throws {
        try await TestDatabase.withEmpty { configuration in
            _ = try await Migrator(configuration).migrate()
            var asked = configuration
            asked["options"] = "-c leftfold.asked=yes -c statement_timeout=71s"
            try await LeftfoldDatabase(asked, logger: TestDatabase.quiet).running { database in
                for pool in [database.pool, database.queries, database.appends] {
                    let told = try await pool.execute("SELECT current_setting('leftfold.asked', true)").first?.decode(String.self)
                    #expect(told == "yes")
                }
                let theirs = try await database.pool.execute("SHOW statement_timeout").first?.decode(String.self)
                #expect(theirs == "71s")
                let ours = try await database.queries.execute("SHOW statement_timeout").first?.decode(String.self)
                #expect(ours == "5s", "this one we need")
            }
        }
    }

    // MARK: Encodings

    @Test("A database that is not UTF-8 is refused before anything is made", arguments: ["LATIN1", "WIN1252", "SQL_ASCII"])
    func encodings(_ encoding: String) async throws {
        try await TestDatabase.withEmpty { configuration in
            let connection = try await Connection.connect(configuration, logger: TestDatabase.quiet)
            let name = "leftfold_test_\(UInt64.random(in: 0 ... .max))"
            try await connection.execute(
                script: "CREATE DATABASE \(name) ENCODING '\(encoding)' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
            var other = configuration
            other["dbname"] = name
            let error = await #expect(throws: UnsuitableEncoding.self) { try await Migrator(other).migrate() }
            #expect(error?.description.contains(encoding) == true)
            let there = try await Connection.connect(other, logger: TestDatabase.quiet)
            let isEmpty = try await there.execute("SELECT to_regnamespace('leftfold') IS NULL").first?.decode(Bool.self)
            #expect(isEmpty == true)
            await there.close()
            try await connection.execute(script: "DROP DATABASE \(name) WITH (FORCE)")
            await connection.close()
        }
    }
}
