import Leftfold
import LeftfoldDriver

/// The generations of one projection, as the database knows them. What changes them is called within a transaction.
struct Generations: Sendable {
    let projection: any PostgresProjection
    let database: LeftfoldDatabase

    var log: LogName { database.log }
    var name: ProjectionName { projection.name }

    // MARK: Looking

    /// The live one, nil before the first.
    func live(_ execute: (SQL) async throws -> Rows) async throws -> Generation? {
        try await execute(
            "SELECT number, code_version FROM \(log).generations WHERE projection = \(name) AND state = 'live'"
        ).first.map(generation)
    }

    func generation(_ row: Row) throws -> Generation {
        let (number, version) = try row.decode(Int.self, Int.self)
        return Generation(log: log, projection: name, number: number, codeVersion: version)
    }

    // MARK: Making

    /// Makes sure that there is a live one. The first is live from the start: there is nothing older to show.
    func ensureLive() async throws -> Generation {
        try projection.checkName(in: log)
        if let live = try await live({ try await database.pool.execute($0) }) { return live }
        return try await database.pool.withConnection { connection in
            try await connection.transaction { connection in
                try await lock(on: connection)
                if let live = try await live({ try await connection.execute($0) }) { return live }
                let first = try await create(on: connection)
                _ = try await switchOver(to: first, on: connection)
                return first
            }
        }
    }

    /// A new one beside the others: empty tables, and a follower at zero.
    func create(on connection: Connection) async throws -> Generation {
        try await refuseForeignRelations(on: connection)
        let last = try await connection.execute(
            "SELECT coalesce(max(number), 0) FROM \(log).generations WHERE projection = \(name)"
        ).first?.decode(Int.self)
        let generation = Generation(log: log, projection: name, number: (last ?? 0) + 1, codeVersion: projection.version)
        try await Lease.register(generation.follower, in: log, on: connection)
        try await connection.execute(
            """
            INSERT INTO \(log).generations (projection, number, code_version, follower, tables)
            VALUES (\(name), \(Int32(generation.number)), \(Int32(generation.codeVersion)), \(generation.follower), \(projection.tables))
            """)
        try await asOwner(on: connection) { try await createTables(of: generation, on: $0) }
        try await takeOver(attachedTo: try await live { try await connection.execute($0) }, to: generation, on: connection)
        return generation
    }

    /// The search path is back to what it was afterwards.
    func createTables(of generation: Generation, on connection: Connection) async throws {
        let before = try await connection.execute("SELECT current_setting('search_path')").first?.decode(String.self) ?? ""
        try await connection.execute("CREATE SCHEMA \(identifier: generation.schema)")
        try await use(generation, on: connection)
        try await connection.execute(script: projection.script)
        for table in projection.tables {
            let exists = try await connection.execute(
                "SELECT to_regclass(format('%I.%I', \(generation.schema)::text, \(table)::text)) IS NOT NULL"
            ).first?.decode(Bool.self)
            if exists != true { throw UnfitProjection(projection: name, reason: "does not create its table \(table)") }
        }
        try await refuseUnsearchedTypes(in: generation, on: connection)
        do { _ = try await projection.form.writer(generation, connection) } catch let mismatch as RowMismatch {
            throw UnfitProjection(projection: name, reason: "does not go with its table: \(mismatch)")
        }
        try await connection.execute("SELECT set_config('search_path', \(before), true)")
    }

    /// From here to the end of the transaction, tables are those of the generation.
    func use(_ generation: Generation, on connection: Connection) async throws {
        let path = generation.searchPath(database).asSearchPath
        try await connection.execute("SELECT set_config('search_path', \(path), true)")
    }

    // MARK: One at a time

    /// One at a time may create, switch or drop generations of a projection. Held to the end of the transaction.
    func lock(on connection: Connection) async throws { try await Self.lock(name, of: log, on: connection) }

    static func lock(_ name: ProjectionName, of log: LogName, on connection: Connection) async throws {
        try await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(\("generations of \(log) \(name)"), 0))")
    }
}
