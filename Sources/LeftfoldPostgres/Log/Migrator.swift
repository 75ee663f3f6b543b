import Foundation
public import LeftfoldDriver
import LeftfoldSchema

/// Brings a log's own tables up to date. Forward only, one transaction a migration, one migrator of the log at a time.
public struct Migrator: Sendable {
    private let configuration: ConnectionConfiguration
    private let log: LogName

    /// - Parameters:
    ///   - configuration: as a role that may create the schema.
    ///   - log: the schema, which is created if it is missing.
    public init(_ configuration: ConnectionConfiguration, log: LogName = .standard) {
        self.configuration = configuration
        self.log = log
    }

    public struct Applied: Sendable, Codable, Equatable {
        public var number: Int
        public var name: String
    }

    /// Applies what is missing and says what that was. Safe to call from any number of processes at once.
    public func migrate() async throws -> [Applied] {
        let connection = try await Connection.connect(configuration)
        do {
            let applied = try await migrate(on: connection)
            await connection.close()
            return applied
        } catch {
            await connection.close()
            throw error
        }
    }

    /// What `migrate()` would do.
    public func pending() async throws -> [Applied] {
        let connection = try await Connection.connect(configuration)
        do {
            let pending = try await Self.pending(on: connection, log)
            await connection.close()
            return pending
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
        _ = try await Self.known(on: connection, log)
        let lock: SQL = "hashtextextended(\("leftfold migrations of \(log)"), 0)"
        _ = try await connection.execute("SELECT pg_advisory_lock(\(fragment: lock))")
        let isThere = try await connection.execute("SELECT to_regnamespace(\("\"\(log)\"")) IS NOT NULL").first?.decode(Bool.self)
        if isThere != true { _ = try await connection.execute("CREATE SCHEMA \(log)") }
        let known = try await Self.known(on: connection, log)
        var applied: [Applied] = []
        for migration in LeftfoldSchema.migrations where !known.contains(migration.number) {
            try await connection.transaction { connection in
                // The files name no schema, and their functions keep this path for good.
                _ = try await connection.execute("SET LOCAL search_path = \(log), pg_temp")
                try await connection.execute(script: String(decoding: migration.sql, as: UTF8.self))
                _ = try await connection.execute(
                    "UPDATE migrations SET digest = sha256(\(Data(migration.sql))) WHERE number = \(Int32(migration.number))")
            }
            applied.append(Applied(number: migration.number, name: migration.name))
        }
        try await checkDigests(on: connection)
        _ = try await connection.execute("SELECT pg_advisory_unlock(\(fragment: lock))")
        return applied
    }

    /// The numbers of the migrations that were applied. Throws where this program cannot work with the database.
    private static func known(on connection: Connection, _ log: LogName) async throws -> Set<Int> {
        let encoding = await connection.parameterStatus("server_encoding") ?? ""
        guard encoding == "UTF8" else { throw UnsuitableEncoding(encoding: encoding) }
        let exists = try await connection.execute("SELECT to_regclass(\("\"\(log)\".migrations")) IS NOT NULL").first?.decode(Bool.self)
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
