public import Leftfold
import LeftfoldDriver

extension LeftfoldDatabase {
    /// Removes a projection that no code has any more: the tables and views of all its generations, and the rows of their followers, in one
    /// transaction, with a row that tells who did it and why. Code that still has it would make it anew.
    ///
    /// Throws ``OperationRefused`` where there is none, where somebody works on it (`projection_at_work`), or where others built something on its views
    /// or tables (`projection_in_use`, with what that is); `Unavailable` when the database is away or somebody reads the views for long; or the
    /// database's error.
    ///
    /// - Parameters:
    ///   - projection: of this program or another's.
    ///   - principal: who does it, as they say.
    ///   - reason: why; on record.
    ///   - cascade: removes what others built, too.
    public func remove(_ projection: ProjectionName, by principal: String, because reason: String, cascade: Bool = false) async throws {
        do {
            try await withConnection { connection in
                try await connection.transaction { connection in
                    // Whoever comes after us waits no longer for us than we for others.
                    try await connection.execute("SET LOCAL lock_timeout = '5s'")
                    try await remove(projection, principal, reason, cascade, on: connection)
                }
            }
        } catch let error as PostgresError where error.sqlState == .dependentObjectsStillExist {
            throw OperationRefused("projection_in_use", "Others rest on the views of \(projection): \(error.detail ?? error.message)")
        } catch let error as PostgresError where error.sqlState == .lockNotAvailable {
            throw Unavailable("Somebody reads the views of \(projection), or builds it.")
        } catch let error as PostgresError {
            throw error.asUnavailable
        }
    }

    private func remove(
        _ projection: ProjectionName, _ principal: String, _ reason: String, _ cascade: Bool, on connection: Connection
    ) async throws {
        try await Generations.lock(projection, of: log, on: connection)
        // Locked, so that nobody gets a lease meanwhile.
        let followers = try await connection.execute(
            """
            SELECT f.name, g.number, CASE WHEN NOT \(fragment: Lease.isFree) THEN f.lease_owner END
            FROM \(log).followers AS f JOIN \(log).generations AS g ON g.follower = f.name
            WHERE g.projection = \(projection) FOR UPDATE OF f
            """
        ).map { try $0.decode(FollowerName.self, Int.self, String?.self) }
        guard !followers.isEmpty else { throw OperationRefused.unknown(projection) }
        for (name, _, worker) in followers {
            if let worker { throw OperationRefused("projection_at_work", "\(worker) works on \(name); stop it first.") }
        }
        let schemas = followers.map { Generation(log: log, projection: projection, number: $0.1, codeVersion: 0).schema }
        try await dropViews(on: schemas, cascade, connection)
        try await lockTables(in: schemas, connection)
        let dependents = try await connection.execute("SELECT d FROM \(log).dependents(\(schemas)) AS d ORDER BY 1").map {
            try $0.decode(String.self)
        }
        guard cascade || dependents.isEmpty else { throw OperationRefused.inUse(projection, dependents) }
        // All that this reaches is in the schema, or whoever asked knows of it.
        for schema in schemas { try await connection.execute("DROP SCHEMA IF EXISTS \(identifier: schema) CASCADE") }
        try await connection.execute(
            """
            INSERT INTO \(log).follower_operations (operation, projection, follower, principal, reason)
            SELECT 'remove', \(projection), max(follower) FILTER (WHERE state = 'live'), \(principal), \(reason)
            FROM \(log).generations WHERE projection = \(projection)
            """)
        // The rows stay, so that no number is used again.
        try await connection.execute(
            "UPDATE \(log).generations SET state = 'dropped', follower = NULL, kept_until = NULL WHERE projection = \(projection) AND state <> 'dropped'"
        )
        try await connection.execute("DELETE FROM \(log).followers WHERE name = ANY (\(followers.map(\.0.rawValue)))")
        try await connection.execute("SELECT pg_notify(\(Announcements.checkpoints(of: log)), \("switched \(projection)"))")
    }

    /// The stable views on these generations; not those that others built on them.
    private func dropViews(on schemas: [String], _ cascade: Bool, _ connection: Connection) async throws {
        let views = try await connection.execute(
            """
            SELECT DISTINCT v.relname::text FROM pg_depend AS d
            JOIN pg_rewrite AS r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
            JOIN pg_class AS v ON v.oid = r.ev_class AND v.relkind = 'v' AND v.relnamespace = to_regnamespace(\(readSchema))
            JOIN pg_class AS t ON t.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass AND t.relname = v.relname
            JOIN pg_namespace AS n ON n.oid = t.relnamespace AND n.nspname = ANY (\(schemas))
            """
        ).map { try $0.decode(String.self) }
        let how: SQL = cascade ? "CASCADE" : "RESTRICT"
        for view in views { try await connection.execute("DROP VIEW \(identifier: readSchema).\(identifier: view) \(fragment: how)") }
    }

    /// Nobody builds anything on them from here on.
    private func lockTables(in schemas: [String], _ connection: Connection) async throws {
        let tables = try await connection.execute(
            """
            SELECT n.nspname::text, c.relname::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = ANY (\(schemas)) AND c.relkind IN ('r', 'p') ORDER BY c.oid
            """
        ).map { try $0.decode(String.self, String.self) }
        for (schema, table) in tables {
            try await connection.execute("LOCK TABLE \(identifier: schema).\(identifier: table) IN ACCESS EXCLUSIVE MODE")
        }
    }
}

extension SQLState {
    /// Something else rests on what is to be dropped.
    fileprivate static let dependentObjectsStillExist = SQLState("2BP01")
}
