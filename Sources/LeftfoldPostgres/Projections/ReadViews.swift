import LeftfoldDriver

/// The stable views through which queries see the tables of the live generation.
struct ReadViews: Sendable {
    let schema: String

    /// Points the views at this generation. Within a transaction.
    ///
    /// Who may read them, and what others built on them, stays. Only if columns went or changed their type is a view made
    /// anew; then its grants are given again, and views on top of it are an error.
    func show(_ tables: [String], of generation: Generation, on connection: Connection) async throws {
        for table in tables { try await show(table, of: generation, on: connection) }
    }

    private func show(_ table: String, of generation: Generation, on connection: Connection) async throws {
        let definition: SQL = """
            VIEW \(identifier: schema).\(identifier: table) AS SELECT * FROM \(identifier: generation.schema).\(identifier: table)
            """
        try await connection.execute("SAVEPOINT replacing_view")
        if try await Self.replace(definition, on: connection) { return }
        try await connection.execute("ROLLBACK TO SAVEPOINT replacing_view")
        let grants = try await grants(on: table, connection)
        try await connection.execute("DROP VIEW \(identifier: schema).\(identifier: table)")
        try await connection.execute("CREATE \(fragment: definition)")
        for grant in grants { try await connection.execute(SQL(unsafe: grant)) }
    }

    /// False if the view has columns that the new one has not.
    private static func replace(_ definition: SQL, on connection: Connection) async throws -> Bool {
        do {
            try await connection.execute("CREATE OR REPLACE \(fragment: definition)")
            return true
        } catch {
            guard error.sqlState == .invalidTableDefinition else { throw error }
            return false
        }
    }

    /// The statements that give what was granted on a view; those on single columns are not among them.
    private func grants(on view: String, _ connection: Connection) async throws -> [String] {
        try await connection.execute(
            """
            SELECT format('GRANT %s ON %I.%I TO %s%s', a.privilege_type, n.nspname, c.relname,
                CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
                CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
            FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace CROSS JOIN aclexplode(c.relacl) AS a
            WHERE c.relname = \(view) AND n.nspname = \(schema) AND a.grantee <> c.relowner
            """
        ).map { try $0.decode(String.self) }
    }
}
