import LeftfoldDriver

/// Whose the log is. Whoever changes it does so as this role, so that all of it stays in one hand.
enum LogOwner {
    /// The owner of the tables, or of the schema where there are none; nil where there is no schema.
    static func find(_ log: LogName, on connection: Connection) async throws -> String? {
        try await connection.execute(
            """
            SELECT pg_get_userbyid(coalesce(c.relowner, n.nspowner))::text
            FROM pg_namespace AS n LEFT JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = 'migrations'
            WHERE n.nspname = \(log.rawValue)
            """
        ).first?.decode(String.self)
    }

    /// Whether SET ROLE will be allowed, which depends on who has logged in.
    static func mayBecome(_ role: String, on connection: Connection) async throws -> Bool {
        let version = try await connection.execute("SELECT current_setting('server_version_num')::integer").first?.decode(Int.self) ?? 0
        let right: SQL = version >= 160_000 ? "'SET'" : "'MEMBER'"
        return try await connection.execute(
            """
            SELECT r.rolname = current_user OR pg_has_role(session_user, r.oid, \(fragment: right)) FROM pg_roles AS r WHERE r.rolname = \(role)
            """
        ).first?.decode(Bool.self) ?? false
    }

    /// Whether the log knows roles at all.
    static func hasRoles(_ log: LogName, on connection: Connection) async throws -> Bool {
        try await connection.execute(
            """
            SELECT EXISTS (
                SELECT FROM pg_proc AS f JOIN pg_namespace AS n ON n.oid = f.pronamespace
                WHERE n.nspname = \(log.rawValue) AND f.proname = 'read_table_owner')
            """
        ).first?.decode(Bool.self) ?? false
    }

    /// Goes on as another role, to the end of the transaction.
    static func become(_ role: String, on connection: Connection) async throws {
        try await connection.execute("SELECT set_config('role', \(role), true)")
    }
}
