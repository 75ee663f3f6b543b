public import Leftfold
import Postgres

/// One set of a projection's tables, from event zero on. One generation is live; a rebuild makes the next.
public struct Generation: Sendable, Hashable {
    public let projection: ProjectionName
    public let number: Int

    /// The schema that holds its tables.
    public var schema: String { "\(projection)_\(number)" }
}

extension Generation {
    /// The live generation, nil before the first.
    static func live(_ projection: ProjectionName, on connection: Connection) async throws -> Generation? {
        try await connection.execute(
            "SELECT generation FROM leftfold.checkpoints WHERE projection = \(projection.name) AND state = 'live'"
        ).first.map { Generation(projection: projection, number: try $0.decode(Int.self)) }
    }

    /// Makes sure that there is a live generation. The first one is live from the start: there is nothing older to show.
    static func ensureLive(_ projection: some Projection, on connection: Connection) async throws -> Generation {
        if let live = try await live(projection.name, on: connection) { return live }
        return try await connection.transaction { connection in
            try await lock(projection.name, on: connection)
            if let live = try await live(projection.name, on: connection) { return live }
            let first = try await create(projection, on: connection)
            _ = try await connection.execute(
                """
                UPDATE leftfold.checkpoints SET state = 'live', live_since = clock_timestamp()
                WHERE projection = \(first.projection.name) AND generation = \(Int32(first.number))
                """)
            try await first.showTables(of: projection, on: connection)
            return first
        }
    }

    /// A new generation beside the others: an empty schema's worth of tables, checkpoint zero. Within a transaction.
    static func create(_ projection: some Projection, on connection: Connection) async throws -> Generation {
        let number = try await connection.execute(
            """
            INSERT INTO leftfold.checkpoints (projection, generation)
            SELECT \(projection.name.name), coalesce(max(generation), 0) + 1
            FROM leftfold.checkpoints WHERE projection = \(projection.name.name)
            RETURNING generation
            """
        ).first?.decode(Int.self)
        let generation = Generation(projection: projection.name, number: number ?? 1)
        try await generation.createTables(of: projection, on: connection)
        return generation
    }

    /// Within a transaction; the search path is back to normal afterwards.
    func createTables(of projection: some Projection, on connection: Connection) async throws {
        _ = try await connection.execute("CREATE SCHEMA \(identifier: schema)")
        _ = try await connection.execute("SET LOCAL search_path = \(identifier: schema)")
        try await connection.execute(script: projection.script)
        _ = try await connection.execute("SET LOCAL search_path TO DEFAULT")
    }

    /// Points the stable views at this generation. Within a transaction.
    func showTables(of projection: some Projection, on connection: Connection) async throws {
        // Or it would report each view that is not there yet.
        _ = try await connection.execute("SET LOCAL client_min_messages = warning")
        for table in projection.tables {
            _ = try await connection.execute("DROP VIEW IF EXISTS public.\(identifier: table)")
            _ = try await connection.execute(
                "CREATE VIEW public.\(identifier: table) AS SELECT * FROM \(identifier: schema).\(identifier: table)")
        }
    }

    /// One at a time may create or switch generations of a projection. Held to the end of the transaction.
    static func lock(_ projection: ProjectionName, on connection: Connection) async throws {
        _ = try await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(\("leftfold generation \(projection)"), 0))")
    }
}
