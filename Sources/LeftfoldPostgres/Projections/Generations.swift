import Leftfold
import LeftfoldDriver

/// The generations of one projection, as the database knows them. What changes them is called within a transaction.
struct Generations: Sendable {
    let projection: any PostgresProjection
    let database: LeftfoldDatabase

    private var log: LogName { database.log }
    private var name: ProjectionName { projection.name }

    // MARK: Looking

    /// The live one, nil before the first.
    func live(_ execute: (SQL) async throws -> Rows) async throws -> Generation? {
        try await execute(
            "SELECT number, code_version FROM \(log).generations WHERE projection = \(name) AND state = 'live'"
        ).first.map(generation)
    }

    private func generation(_ row: Row) throws -> Generation {
        let (number, version) = try row.decode(Int.self, Int.self)
        return Generation(log: log, projection: name, number: number, codeVersion: version)
    }

    /// Those in a state, the newest first.
    private func all(_ state: String, _ condition: SQL = "true", locking: SQL = "", on connection: Connection) async throws -> [Generation]
    {
        try await connection.execute(
            """
            SELECT g.number, g.code_version FROM \(log).generations AS g JOIN \(log).followers AS f ON f.name = g.follower
            WHERE g.projection = \(name) AND g.state = \(state) AND \(fragment: condition)
            ORDER BY g.number DESC \(fragment: locking)
            """
        ).map(generation)
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
                try await makeLive(first, on: connection)
                return first
            }
        }
    }

    /// A new one beside the others: empty tables, and a follower at zero.
    func create(on connection: Connection) async throws -> Generation {
        let last = try await connection.execute(
            "SELECT coalesce(max(number), 0) FROM \(log).generations WHERE projection = \(name)"
        ).first?.decode(Int.self)
        let generation = Generation(log: log, projection: name, number: (last ?? 0) + 1, codeVersion: projection.version)
        try await Lease.register(generation.follower, in: log, on: connection)
        try await connection.execute(
            """
            INSERT INTO \(log).generations (projection, number, code_version, follower)
            VALUES (\(name), \(Int32(generation.number)), \(Int32(generation.codeVersion)), \(generation.follower))
            """)
        try await asOwner(on: connection) { try await createTables(of: generation, on: $0) }
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
        do { _ = try await projection.form.writer(generation, connection) } catch let mismatch as RowMismatch {
            throw UnfitProjection(projection: name, reason: "does not go with its table: \(mismatch)")
        }
        try await connection.execute("SELECT set_config('search_path', \(before), true)")
    }

    /// From here to the end of the transaction, tables are those of the generation.
    func use(_ generation: Generation, on connection: Connection) async throws {
        let path = generation.searchPath(database).map { "\"\($0)\"" }.joined(separator: ", ")
        try await connection.execute("SELECT set_config('search_path', \(path), true)")
    }

    // MARK: Switching

    /// Queries read this one from the commit on; the one that was live is retired, and nobody goes on with it.
    ///
    /// - Parameter lease: of whoever built it. Throws ``LeaseLost`` unless it is still the lease, and the generation is as far as its holder
    ///   believes: who slept through its end must not switch to what others have dropped or are building.
    func makeLive(_ generation: Generation, _ lease: Lease? = nil, on connection: Connection) async throws {
        if let lease {
            let isOurs = try await connection.execute(
                """
                SELECT FROM \(log).followers AS f JOIN \(log).generations AS g ON g.follower = f.name
                WHERE g.projection = \(name) AND g.number = \(Int32(generation.number)) AND g.state = 'building'
                    AND f.lease_epoch = \(lease.checkpoint.epoch) AND f.position = \(lease.position)
                FOR UPDATE
                """)
            guard isOurs.count == 1 else { throw LeaseLost() }
        }
        // Whoever reads a view for long holds up nobody but us: those who come later would wait behind us.
        try await connection.execute("SET LOCAL lock_timeout = '50ms'")
        try await connection.execute(
            """
            WITH retired AS (
                UPDATE \(log).generations SET state = 'retired' WHERE projection = \(name) AND state = 'live' RETURNING follower
            ), stopped AS (
                UPDATE \(log).followers AS f SET lease_epoch = f.lease_epoch + 1, lease_owner = NULL, lease_until = NULL
                FROM retired AS r WHERE f.name = r.follower
                RETURNING f.paused_at
            -- What is paused stays so, whichever generation is live.
            ) UPDATE \(log).followers AS f SET paused_at = s.paused_at
            FROM stopped AS s WHERE f.name = \(generation.follower) AND s.paused_at IS NOT NULL
            """)
        try await connection.execute(
            """
            UPDATE \(log).generations SET state = 'live', live_since = clock_timestamp()
            WHERE projection = \(name) AND number = \(Int32(generation.number))
            """)
        try await asOwner(of: generation, on: connection) { connection in
            if database.readSchema != "public" {
                try await connection.execute("CREATE SCHEMA IF NOT EXISTS \(identifier: database.readSchema)")
            }
            try await ReadViews(schema: database.readSchema).show(projection.tables, of: generation, on: connection)
        }
        try await connection.execute("SELECT pg_notify(\(Announcements.checkpoints(of: log)), \("switched \(name)"))")
    }

    /// The position of the live one, which stands still to the end of the transaction; the end of the log where that comes before it.
    func holdLive(on connection: Connection) async throws -> GlobalPosition? {
        try await connection.execute(
            """
            SELECT least(f.position, (SELECT coalesce(max(e.position), 0) FROM \(log).events AS e))
            FROM \(log).followers AS f JOIN \(log).generations AS g ON g.follower = f.name
            WHERE g.projection = \(name) AND g.state = 'live' FOR UPDATE OF f
            """
        ).first.map { GlobalPosition(rawValue: try $0.decode(Int64.self)) }
    }

    /// One at a time may create or switch generations of a projection. Held to the end of the transaction.
    func lock(on connection: Connection) async throws { try await Self.lock(name, of: log, on: connection) }

    static func lock(_ name: ProjectionName, of log: LogName, on connection: Connection) async throws {
        try await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(\("generations of \(log) \(name)"), 0))")
    }

    // MARK: Dropping

    /// The one before the live one stays for a way back; older ones go.
    func dropRetired(on connection: Connection) async throws {
        for generation in try await all("retired", on: connection).dropFirst() where try await mayDrop(generation, on: connection) {
            try await drop(generation, on: connection)
        }
    }

    /// What a killed rebuild left: those that are being built, with nobody at work.
    func dropAbandoned(on connection: Connection) async throws {
        let abandoned = try await all(
            "building",
            "\(fragment: Lease.isFree) AND (f.lease_until IS NOT NULL OR f.created_at + interval '1 minute' < clock_timestamp())",
            // The lease that a batch under way will prolong is not seen yet; its row is locked.
            locking: "FOR UPDATE OF f SKIP LOCKED", on: connection)
        for generation in abandoned where try await mayDrop(generation, on: connection) { try await drop(generation, on: connection) }
    }

    /// Unless it is live: when the connection broke at the commit of the switch, it may be, and its tables are what queries read.
    func drop(_ generation: Generation, on connection: Connection) async throws {
        let dropped = try await connection.execute(
            """
            UPDATE \(log).generations SET state = 'dropped', follower = NULL
            WHERE projection = \(name) AND number = \(Int32(generation.number)) AND state NOT IN ('live', 'dropped')
            """
        ).affected
        guard dropped == 1 else { return }
        try await connection.execute("DELETE FROM \(log).followers WHERE name = \(generation.follower)")
        try await asOwner(of: generation, on: connection) {
            _ = try await $0.execute("DROP SCHEMA IF EXISTS \(identifier: generation.schema) CASCADE")
        }
    }
}
