import Foundation
public import Leftfold
public import LeftfoldDriver
import LeftfoldSchema

/// Brings a log's own tables up to date. Forward only, one transaction a migration, one migrator of the log at a time.
public struct Migrator: Sendable {
    private let configuration: ConnectionConfiguration
    private let log: LogName

    /// - Parameters:
    ///   - configuration: as the role that owns the log, as a member of it, or as a superuser; the first time as one that may create schemas in
    ///     the database. Whoever it is, the log stays in its owner's hand.
    ///   - log: the schema, which is created if it is missing.
    public init(_ configuration: ConnectionConfiguration, log: LogName = .standard) {
        self.configuration = configuration
        self.log = log
    }

    public struct Applied: Sendable, Codable, Equatable {
        public var number: Int
        public var name: String
    }

    /// Applies what is missing and says what that was. Safe to call from any number of processes at once. Roles of the log, if it has any, get
    /// the rights that are new.
    ///
    /// Throws ``MissingRights`` before anything is done.
    public func migrate() async throws -> [Applied] { try await withConnection { try await migrate(on: $0) } }

    /// What `migrate()` would do.
    public func pending() async throws -> [Applied] { try await withConnection { try await Self.pending(on: $0, log) } }

    /// Throws ``MissingRights`` where the role may not do what is to be done; changes nothing.
    ///
    /// - Parameters:
    ///   - projections: that are to have tables afterwards.
    ///   - readSchema: the schema of their views.
    ///   - roles: that are to be set up.
    public func checkRights(projections: [ProjectionName] = [], readSchema: String = "public", roles: DatabaseRoles? = nil) async throws {
        try await withConnection { connection in
            try await checkRights(projections, readSchema, roles, on: connection)
            if let roles { try await checkNotShared(roles, on: connection) }
        }
    }

    /// Makes the roles of the log, gives them the log, the read tables and exactly the rights that are theirs, and makes the members members.
    /// Safe to call again: it changes nothing where all is so. The log must be migrated.
    ///
    /// Throws ``MissingRights`` or ``SharedRoles`` before anything is done, or the database's error, when nothing was done.
    public func setUpRoles(_ roles: DatabaseRoles, readSchema: String = "public") async throws -> [DatabaseRoles.Made] {
        try await withConnection { connection in
            try await checkRights([], readSchema, roles, on: connection)
            try await checkNotShared(roles, on: connection)
            let prefix = roles.prefix ?? log.rawValue
            return try await connection.transaction { connection in
                try await connection.execute(lock)
                // Who appends must not wait for us, nor those behind us for who reads.
                _ = try await connection.execute("SET LOCAL lock_timeout = '2s'")
                let rows = try await connection.execute(
                    "SELECT role::text, created FROM \(log).set_up_roles(\(prefix), \(readSchema)::text::name)")
                for (login, role) in roles.members {
                    _ = try await connection.execute("GRANT \(name: "\(prefix)_\(role.rawValue)") TO \(name: login)")
                }
                return try rows.compactMap { row in
                    let (name, created) = try row.decode(String.self, Bool.self)
                    return DatabaseRole(rawValue: String(name.dropFirst(prefix.count + 1))).map {
                        DatabaseRoles.Made(role: name, kind: $0, created: created, purpose: $0.purpose)
                    }
                }
            }
        }
    }

    private func checkRights(
        _ projections: [ProjectionName], _ readSchema: String, _ roles: DatabaseRoles?, on connection: Connection
    ) async throws {
        let isPending: Bool
        do {
            isPending = try await !Self.pending(on: connection, log).isEmpty
        } catch let error as PostgresError where error.sqlState == .insufficientPrivilege {
            isPending = true
        }
        try await MigrationRights(
            log: log, readSchema: readSchema, projections: projections.map(\.rawValue), roles: roles, isPending: isPending
        ).check(on: connection)
    }

    /// Who is a member of roles that have rights in several databases has them in all.
    private func checkNotShared(_ roles: DatabaseRoles, on connection: Connection) async throws {
        guard roles.prefix == nil else { return }
        let isShared = try await connection.execute(
            """
            SELECT EXISTS (
                SELECT FROM pg_shdepend AS d JOIN pg_roles AS r ON r.oid = d.refobjid
                WHERE d.refclassid = 'pg_authid'::regclass AND r.rolname = ANY (\(DatabaseRole.allCases.map { "\(log)_\($0.rawValue)" }))
                    AND d.dbid NOT IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())))
            """
        ).first?.decode(Bool.self)
        guard isShared == true else { return }
        if try await LogOwner.find(log, on: connection) != "\(log)_owner" { throw SharedRoles(prefix: log.rawValue) }
    }

    /// One migrator of the log at a time. Held to the end of each transaction, not of the session: behind a pooler that may be anybody's.
    private var lock: SQL { "SELECT pg_advisory_xact_lock(hashtextextended(\("leftfold migrations of \(log)"), 0))" }

    private func asOwner<T: Sendable>(_ owner: String?, on connection: Connection, _ body: (Connection) async throws -> T) async throws -> T
    {
        try await connection.transaction { connection in
            try await connection.execute(lock)
            if let owner { try await LogOwner.become(owner, on: connection) }
            return try await body(connection)
        }
    }

    private func withConnection<T: Sendable>(_ body: (Connection) async throws -> T) async throws -> T {
        let connection = try await Connection.connect(configuration)
        do {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }

    static func pending(on connection: Connection, _ log: LogName) async throws -> [Applied] {
        let known = try await known(on: connection, log)
        return LeftfoldSchema.migrations.filter { !known.contains($0.number) }.map { Applied(number: $0.number, name: $0.name) }
    }

    private func migrate(on connection: Connection) async throws -> [Applied] {
        // Before anything is made.
        try await checkRights([], "public", nil, on: connection)
        try await connection.transaction { connection in
            try await connection.execute(lock)
            let isThere = try await connection.execute(
                "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = \("\(log)"))"
            ).first?.decode(Bool.self)
            if isThere != true { try await connection.execute("CREATE SCHEMA \(log)") }
        }
        var owner = try await LogOwner.find(log, on: connection)
        if let found = owner, try await !LogOwner.mayBecome(found, on: connection) { owner = nil }
        let known = try await asOwner(owner, on: connection) { try await Self.known(on: $0, log) }
        var applied: [Applied] = []
        for migration in LeftfoldSchema.migrations where !known.contains(migration.number) {
            let isNew = try await asOwner(owner, on: connection) { connection in
                guard try await !Self.known(on: connection, log).contains(migration.number) else { return false }
                // The files name no schema, and their functions keep this path for good.
                _ = try await connection.execute("SET LOCAL search_path = \(log), pg_temp")
                try await connection.execute(script: String(decoding: migration.sql, as: UTF8.self))
                _ = try await connection.execute(
                    "UPDATE migrations SET digest = sha256(\(Data(migration.sql))) WHERE number = \(Int32(migration.number))")
                return true
            }
            if isNew { applied.append(Applied(number: migration.number, name: migration.name)) }
        }
        try await asOwner(owner, on: connection) { connection in
            try await checkDigests(on: connection)
            // Each time: who migrated before may have been stopped before this. It changes nothing where all is so.
            try await connection.execute("SELECT \(log).grant_rights(p) FROM \(log).role_prefix() AS p WHERE p IS NOT NULL")
        }
        return applied
    }

    /// The numbers of the migrations that were applied. Throws where this program cannot work with the database.
    private static func known(on connection: Connection, _ log: LogName) async throws -> Set<Int> {
        let encoding = await connection.parameterStatus("server_encoding") ?? ""
        guard encoding == "UTF8" else { throw UnsuitableEncoding(encoding: encoding) }
        let exists = try await connection.execute(
            // Read from the catalog: what looks a name up may remember from before it waited for the lock that there was none.
            "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = \("\(log)") AND tablename = 'migrations')"
        ).first?.decode(Bool.self)
        guard exists == true else { return [] }
        let rows = try await connection.execute("SELECT number FROM \(log).migrations")
        let known: Set<Int> = try rows.reduce(into: []) { $0.insert(try $1.decode(Int.self)) }
        if let newest = known.max(), let last = LeftfoldSchema.migrations.last?.number, newest > last {
            throw NewerSchema(database: newest, program: last)
        }
        return known
    }

    /// An applied file must never change: somebody's database has the old one. (Files applied by psql have no digest.)
    private func checkDigests(on connection: Connection) async throws {
        for migration in LeftfoldSchema.migrations {
            let same = try await connection.execute(
                """
                SELECT digest IS NULL OR digest = sha256(\(Data(migration.sql)))
                FROM \(log).migrations WHERE number = \(Int32(migration.number))
                """
            ).first?.decode(Bool.self)
            if same != true { throw ChangedMigration(number: migration.number, name: migration.name) }
        }
    }
}

/// A migration file was changed after it had been applied here.
public struct ChangedMigration: Error, Sendable, CustomStringConvertible {
    public let number: Int
    public let name: String
    public var description: String { "migration \(number) (\(name)) is not the one that was applied to this database" }
}

/// The database cannot hold every text: its encoding, which is chosen when it is created, is not UTF-8.
public struct UnsuitableEncoding: Error, Sendable, CustomStringConvertible {
    public let encoding: String
    public var description: String {
        "the encoding of the database is \(encoding); make one with ENCODING 'UTF8' TEMPLATE template0"
    }
}

/// The database was migrated by a newer version of this program.
public struct NewerSchema: Error, Sendable, CustomStringConvertible {
    public let database: Int
    public let program: Int
    public var description: String { "the database is at migration \(database); this program knows only \(program)" }
}
