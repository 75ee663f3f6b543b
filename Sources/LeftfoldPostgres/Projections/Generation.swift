public import Leftfold
import LeftfoldDriver

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
    ///
    /// Who may read them, and what others built on them, stays. Only if columns went or changed their type is a view made
    /// anew; then its grants are given again, and views on top of it are an error.
    func showTables(of projection: some Projection, on connection: Connection) async throws {
        for table in projection.tables { try await show(table, on: connection) }
    }

    private func show(_ table: String, on connection: Connection) async throws {
        let definition: SQL = "VIEW public.\(identifier: table) AS SELECT * FROM \(identifier: schema).\(identifier: table)"
        _ = try await connection.execute("SAVEPOINT replacing_view")
        if try await Self.replace(definition, on: connection) { return }
        _ = try await connection.execute("ROLLBACK TO SAVEPOINT replacing_view")
        let grants = try await Self.grants(on: table, connection)
        _ = try await connection.execute("DROP VIEW public.\(identifier: table)")
        _ = try await connection.execute("CREATE \(fragment: definition)")
        for grant in grants { _ = try await connection.execute(SQL(unsafe: grant)) }
    }

    /// False if the view has columns that the new one has not.
    private static func replace(_ definition: SQL, on connection: Connection) async throws -> Bool {
        do {
            _ = try await connection.execute("CREATE OR REPLACE \(fragment: definition)")
            return true
        } catch {
            guard error.sqlState == .invalidTableDefinition else { throw error }
            return false
        }
    }

    /// The statements that give what was granted on a view; those on single columns are not among them.
    private static func grants(on view: String, _ connection: Connection) async throws -> [String] {
        try await connection.execute(
            """
            SELECT format('GRANT %s ON public.%I TO %s%s', a.privilege_type, c.relname,
                CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
                CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
            FROM pg_class AS c CROSS JOIN aclexplode(c.relacl) AS a
            WHERE c.relname = \(view) AND c.relnamespace = 'public'::regnamespace AND a.grantee <> c.relowner
            """
        ).map { try $0.decode(String.self) }
    }

    /// One at a time may create or switch generations of a projection. Held to the end of the transaction.
    static func lock(_ projection: ProjectionName, on connection: Connection) async throws {
        _ = try await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(\("leftfold generation \(projection)"), 0))")
    }
}
