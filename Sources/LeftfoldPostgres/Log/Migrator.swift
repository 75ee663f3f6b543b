import Foundation
public import LeftfoldDriver
import LeftfoldSchema

/// Brings the log's own tables up to date. Forward only, one transaction a migration, one migrator at a time.
public struct Migrator: Sendable {
    private let configuration: ConnectionConfiguration
    private let log: LogName

    public init(_ configuration: ConnectionConfiguration, log: LogName = "leftfold") {
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
            let pending = try await Self.pending(log, on: connection)
            await connection.close()
            return pending
        } catch {
            await connection.close()
            throw error
        }
    }

    static func pending(_ log: LogName, on connection: Connection) async throws -> [Applied] {
        let known = try await known(log, on: connection)
        return LeftfoldSchema.migrations.filter { !known.contains($0.number) }.map { Applied(number: $0.number, name: $0.name) }
    }

    private func migrate(on connection: Connection) async throws -> [Applied] {
        _ = try await connection.execute("SELECT pg_advisory_lock(\(Self.lock))")
        let known = try await Self.known(log, on: connection)
        if let newest = known.max(), let last = LeftfoldSchema.migrations.last?.number, newest > last {
            throw NewerSchema(database: newest, program: last)
        }
        var applied: [Applied] = []
        for migration in LeftfoldSchema.migrations where !known.contains(migration.number) {
            try await connection.transaction { connection in
                try await connection.execute("CREATE SCHEMA IF NOT EXISTS \(log)")
                try await connection.execute("SELECT set_config('search_path', \("\(log), pg_temp"), true)")
                try await connection.execute(script: String(decoding: migration.sql, as: UTF8.self))
                _ = try await connection.execute(
                    "UPDATE \(log).migrations SET digest = sha256(\(Data(migration.sql))) WHERE number = \(Int32(migration.number))")
            }
            applied.append(Applied(number: migration.number, name: migration.name))
        }
        try await checkDigests(on: connection)
        _ = try await connection.execute("SELECT pg_advisory_unlock(\(Self.lock))")
        return applied
    }

    private static func known(_ log: LogName, on connection: Connection) async throws -> Set<Int> {
        let exists = try await connection.execute("SELECT to_regclass(\("\(log).migrations")) IS NOT NULL").first?.decode(Bool.self)
        guard exists == true else { return [] }
        let rows = try await connection.execute("SELECT number FROM \(log).migrations")
        return Set(try rows.map { try $0.decode(Int.self) })
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

    private static let lock: Int64 = 0x6C65_6674_6D69_6772  // 'leftmigr'
}

/// A migration file was changed after it had been applied here.
public struct ChangedMigration: Error, Sendable, CustomStringConvertible {
    public let number: Int
    public let name: String
    public var description: String { "migration \(number) (\(name)) is not the one that was applied to this database" }
}

/// The database was migrated by a newer version of this program.
public struct NewerSchema: Error, Sendable, CustomStringConvertible {
    public let database: Int
    public let program: Int
    public var description: String { "the database is at migration \(database); this program knows only \(program)" }
}
