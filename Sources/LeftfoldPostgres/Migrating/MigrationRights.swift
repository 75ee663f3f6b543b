import LeftfoldDriver

/// What a migrator's role must be allowed to do, looked up before anything is done.
struct MigrationRights: Sendable {
    let log: LogName
    /// Where read views are made.
    let readSchema: String
    /// The projections that are to have tables.
    let projections: [String]
    let roles: DatabaseRoles?
    /// Whether the log lacks migrations.
    let isPending: Bool

    /// Throws ``MissingRights``.
    func check(on connection: Connection) async throws {
        let facts = try await facts(on: connection)
        if facts.isSuperuser { return }
        var missing = missingForTheLog(facts)
        if let roles {
            missing += try await missingFor(roles, facts, on: connection)
        } else if !projections.isEmpty {
            missing += try await missingForTables(facts, on: connection)
        }
        if !missing.isEmpty { throw MissingRights(role: facts.role, rights: missing) }
    }

    /// What the catalog says. Names are quoted where they go into statements.
    private struct Facts {
        var role = ""
        var quotedRole = ""
        var quotedDatabase = ""
        var isSuperuser = false
        var mayCreateRoles = false
        var mayCreateSchemas = false
        var mayGrantCreate = false
        var schemaIsThere = false
        var mayUseSchema = false
        /// Of the tables, or of the schema where there are none.
        var owner: String?
        var mayBecomeOwner = false
    }

    private func facts(on connection: Connection) async throws -> Facts {
        let row = try await connection.execute(
            """
            SELECT r.rolname::text, quote_ident(r.rolname), quote_ident(d.datname), r.rolsuper, r.rolcreaterole,
                has_database_privilege(d.oid, 'CREATE'),
                has_database_privilege(d.oid, 'CREATE WITH GRANT OPTION') OR pg_has_role(d.datdba, 'USAGE'),
                n.oid IS NOT NULL, coalesce(has_schema_privilege(n.oid, 'CREATE'), false)
            FROM pg_roles AS r JOIN pg_database AS d ON d.datname = current_database()
            LEFT JOIN pg_namespace AS n ON n.nspname = \(log.rawValue)
            WHERE r.rolname = current_user
            """
        ).first
        guard let row else { return Facts() }
        var facts = Facts(
            role: try row[0].decode(), quotedRole: try row[1].decode(), quotedDatabase: try row[2].decode(),
            isSuperuser: try row[3].decode(),
            mayCreateRoles: try row[4].decode(), mayCreateSchemas: try row[5].decode(), mayGrantCreate: try row[6].decode(),
            schemaIsThere: try row[7].decode(), mayUseSchema: try row[8].decode())
        facts.owner = try await LogOwner.find(log, on: connection)
        if let owner = facts.owner { facts.mayBecomeOwner = try await LogOwner.mayBecome(owner, on: connection) }
        return facts
    }

    private func missingForTheLog(_ facts: Facts) -> [MissingRight] {
        if !facts.schemaIsThere {
            if facts.mayCreateSchemas { return [] }
            return [.init("create the schema \(log)", "GRANT CREATE ON DATABASE \(facts.quotedDatabase) TO \(facts.quotedRole)")]
        }
        guard isPending || roles != nil, let owner = facts.owner, !facts.mayBecomeOwner else { return [] }
        // A schema that somebody made for us.
        if roles == nil, facts.mayUseSchema { return [] }
        return [.init("change the log \(log), which belongs to \(owner)", "GRANT \(quoted(owner)) TO \(facts.quotedRole)")]
    }

    /// Tables that are not there yet go to one who must be able to make them.
    private func missingForTables(_ facts: Facts, on connection: Connection) async throws -> [MissingRight] {
        var owner = facts.owner.flatMap { facts.mayBecomeOwner ? $0 : nil } ?? facts.role
        if !facts.mayBecomeOwner, facts.owner != nil, !facts.mayUseSchema { return [] }
        if facts.schemaIsThere, try await LogOwner.hasRoles(log, on: connection) {
            let live = try await connection.execute("SELECT projection::text FROM \(log).generations WHERE state = 'live'")
                .map { try $0.decode(String.self) }
            guard let new = projections.first(where: { !live.contains($0) }) else { return [] }
            owner = try await connection.execute("SELECT \(log).read_table_owner(\(new))::text").first?.decode(String.self) ?? owner
        }
        return try await missingForTables(of: owner, facts, on: connection)
    }

    private func missingForTables(of owner: String, _ facts: Facts, on connection: Connection) async throws
        -> [MissingRight]
    {
        let row = try await connection.execute(
            """
            SELECT has_database_privilege(r.oid, current_database(), 'CREATE'),
                CASE WHEN n.oid IS NULL THEN has_database_privilege(r.oid, current_database(), 'CREATE')
                    ELSE has_schema_privilege(r.oid, n.oid, 'CREATE') AND has_schema_privilege(r.oid, n.oid, 'USAGE') END,
                quote_ident(r.rolname), coalesce(quote_ident(n.nspname), quote_ident(\(readSchema)))
            FROM pg_roles AS r LEFT JOIN pg_namespace AS n ON n.nspname = \(readSchema) WHERE r.rolname = \(owner)
            """
        ).first
        guard let (mayMakeSchemas, mayMakeViews, role, schema) = try row?.decode(Bool.self, Bool.self, String.self, String.self) else {
            return []
        }
        var missing: [MissingRight] = []
        if !mayMakeSchemas {
            missing.append(.init("make tables of projections", "GRANT CREATE ON DATABASE \(facts.quotedDatabase) TO \(role)"))
        }
        if !mayMakeViews {
            missing.append(.init("make views in the schema \(readSchema)", "GRANT USAGE, CREATE ON SCHEMA \(schema) TO \(role)"))
        }
        return missing
    }

    private func missingFor(_ roles: DatabaseRoles, _ facts: Facts, on connection: Connection) async throws -> [MissingRight] {
        let prefix = roles.prefix ?? log.rawValue
        var missing: [MissingRight] = []
        let names = DatabaseRole.allCases.map { "\(prefix)_\($0.rawValue)" }
        let there = try await connection.execute(
            """
            SELECT r.rolname::text, pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION')
                OR current_setting('server_version_num')::integer < 160000 AND \(facts.mayCreateRoles)
            FROM pg_roles AS r WHERE r.rolname = ANY (\(names))
            """
        ).map { try $0.decode(String.self, Bool.self) }
        if there.count < names.count, !facts.mayCreateRoles {
            missing.append(.init("create roles", "ALTER ROLE \(facts.quotedRole) CREATEROLE"))
        }
        for (name, mayGrant) in there where !mayGrant {
            missing.append(.init("make others members of \(name)", "GRANT \(quoted(name)) TO \(facts.quotedRole) WITH ADMIN OPTION"))
        }
        if !facts.mayGrantCreate {
            missing.append(
                .init(
                    "let others create schemas",
                    "GRANT CREATE ON DATABASE \(facts.quotedDatabase) TO \(facts.quotedRole) WITH GRANT OPTION"))
        }
        let mayGrantViews = try await connection.execute(
            """
            SELECT quote_ident(n.nspname) FROM pg_namespace AS n WHERE n.nspname = \(readSchema) AND NOT (
                has_schema_privilege(n.oid, 'CREATE WITH GRANT OPTION') AND has_schema_privilege(n.oid, 'USAGE WITH GRANT OPTION'))
            """
        ).first?.decode(String.self)
        if let schema = mayGrantViews {
            missing.append(
                .init(
                    "let others make views in the schema \(readSchema)",
                    "GRANT USAGE, CREATE ON SCHEMA \(schema) TO \(facts.quotedRole) WITH GRANT OPTION"))
        }
        return missing + (try await missingForWhatIsThere(facts, on: connection))
    }

    /// Read tables that the roles are to get from their owners.
    private func missingForWhatIsThere(_ facts: Facts, on connection: Connection) async throws -> [MissingRight] {
        // Whoever may not become the owner of the log is asked for that first; the log may not even let them look.
        guard facts.mayBecomeOwner, try await LogOwner.hasRoles(log, on: connection) else { return [] }
        return try await connection.execute(
            """
            SELECT DISTINCT pg_get_userbyid(n.nspowner)::text, quote_ident(pg_get_userbyid(n.nspowner))
            FROM \(log).generations AS g JOIN pg_namespace AS n ON n.nspname = concat_ws('_', \(log.rawValue)::text, g.projection, g.number)
            WHERE NOT pg_has_role(n.nspowner, 'USAGE')
            """
        ).map { row in
            let (owner, quoted) = try row.decode(String.self, String.self)
            return MissingRight("give away the read tables of \(owner)", "GRANT \(quoted) TO \(facts.quotedRole)")
        }
    }

    private func quoted(_ name: String) -> String {
        SQL.isIdentifier(name) ? name : "\"\(name.replacing("\"", with: "\"\""))\""
    }
}
