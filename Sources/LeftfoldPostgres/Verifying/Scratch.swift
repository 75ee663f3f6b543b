import Leftfold
import LeftfoldDriver
import Logging

/// Tables of a projection beside its generations, filled by a plain replay of the log, to look at. Nobody else works on them.
///
/// They are built in many short transactions. Each prolongs the right to be there, so that what a killed process leaves is dropped a minute
/// later, by the next one who makes any.
struct Scratch: Sendable {
    enum Purpose: String, Sendable {
        case verify, explain
        case asOf = "as_of"
    }

    /// How long nothing may be heard of whoever builds it.
    static let lease: Duration = .seconds(60)

    let generations: Generations
    let tables: Generation
    /// All events up to here are in it.
    var position = GlobalPosition.zero

    var schema: String { tables.schema }
    var log: LogName { generations.log }

    // MARK: Making

    /// Makes its empty tables, and drops what others left.
    ///
    /// - Parameter goal: as far as it is to be filled.
    static func make(
        for generations: Generations, _ purpose: Purpose, upTo goal: GlobalPosition, on connection: Connection
    ) async throws -> Scratch {
        try generations.projection.checkName(in: generations.log)
        try await dropLeftovers(of: generations, on: connection)
        let random = String(UInt32.random(in: 1 << 28 ... .max), radix: 16)
        let tables = Generation(
            log: generations.log, projection: generations.name, number: 0, codeVersion: generations.projection.version,
            mark: "v\(random)")
        let scratch = Scratch(generations: generations, tables: tables)
        try await connection.transaction { connection in
            try await connection.execute(
                """
                INSERT INTO \(scratch.log).scratches (name, projection, purpose, code_version, goal, kept_until)
                VALUES (\(scratch.schema), \(generations.name), \(purpose.rawValue), \(Int32(tables.codeVersion)), \(goal),
                    clock_timestamp() + make_interval(secs => \(lease.seconds)))
                """)
            try await generations.asOwner(on: connection) { try await generations.createTables(of: tables, on: $0) }
        }
        return scratch
    }

    // MARK: Working on it

    /// A short transaction in which plain names are those of its tables. Nobody waits for its commit to reach the disk: who looks at what a
    /// crash of the server has cut off finds all of a batch or nothing.
    func transaction<T>(
        isolation: TransactionIsolation = .readCommitted, on connection: Connection, _ body: (Connection) async throws -> T
    ) async throws -> T {
        try await connection.transaction(isolation: isolation) { connection in
            try await connection.execute("SELECT set_config('synchronous_commit', 'off', true)")
            try await generations.use(tables, on: connection)
            return try await body(connection)
        }
    }

    /// Within a transaction: it is as far as this, and somebody is still at work.
    func reached(_ position: GlobalPosition, on connection: Connection) async throws {
        let kept = try await connection.execute(
            """
            UPDATE \(log).scratches SET position = \(position), kept_until = clock_timestamp() + make_interval(secs => \(Self.lease.seconds))
            WHERE name = \(schema)
            """
        ).affected
        guard kept == 1 else { throw ScratchLost(schema: schema) }
    }

    // MARK: Dropping

    func drop(on connection: Connection) async throws { try await drop("true", on: connection) }

    private func drop(_ condition: SQL, on connection: Connection) async throws {
        try await connection.transaction { connection in
            try await connection.execute("SELECT set_config('lock_timeout', '2s', true)")
            let dropped = try await connection.execute(
                "DELETE FROM \(log).scratches WHERE name = \(schema) AND \(fragment: condition)"
            ).affected
            guard dropped == 1 else { return }
            let dependents = try await connection.execute("SELECT d FROM \(log).dependents(\([schema])) AS d ORDER BY 1").map {
                try $0.decode(String.self)
            }
            guard dependents.isEmpty else { throw OperationRefused.inUse(generations.name, dependents) }
            try await generations.asOwner(of: tables, on: connection) {
                _ = try await $0.execute("DROP SCHEMA IF EXISTS \(identifier: schema) CASCADE")
            }
        }
    }

    /// Those of any projection that nobody works on any more, and that were kept long enough. One that somebody reads at the moment is for the next
    /// time.
    static func dropLeftovers(of generations: Generations, on connection: Connection) async throws {
        let isLeft: SQL = "kept_until < clock_timestamp()"
        let left = try await connection.execute(
            "SELECT name, projection, code_version FROM \(generations.log).scratches WHERE \(fragment: isLeft)"
        ).map { try $0.decode(String.self, ProjectionName.self, Int.self) }
        for (name, projection, version) in left {
            guard let tables = Generation(scratch: name, of: projection, in: generations.log, codeVersion: version),
                try await generations.mayDrop(tables, on: connection)
            else { continue }
            do {
                try await Scratch(generations: generations, tables: tables).drop(isLeft, on: connection)
            } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
                continue
            } catch let refused as OperationRefused {
                Logger(label: "leftfold.scratches").warning(
                    "tables to look at are not dropped", metadata: ["schema": "\(name)", "reason": "\(refused)"])
            }
        }
    }
}

extension Generation {
    /// The tables of a scratch that is there; nil where the name is not that of one.
    init?(scratch name: String, of projection: ProjectionName, in log: LogName, codeVersion: Int) {
        let prefix = "\(log)_\(projection)_"
        guard name.hasPrefix(prefix) else { return nil }
        self.init(log: log, projection: projection, number: 0, codeVersion: codeVersion, mark: String(name.dropFirst(prefix.count)))
    }
}

/// Somebody dropped the tables that were being built: nothing was heard of their builder for a minute.
struct ScratchLost: Error, CustomStringConvertible {
    let schema: String
    var description: String { "the tables in \(schema) were dropped: nothing was heard of their builder for a minute" }
}
