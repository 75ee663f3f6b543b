import Leftfold
import LeftfoldDriver

extension Health {
    /// Whether the role that we connect as may do what these roles are for; says in words what is missing, and what gives it.
    public func rights(of roles: Set<DatabaseRole>) async -> Finding {
        await finding("rights") {
            var missing: [String] = []
            for role in DatabaseRole.allCases where roles.contains(role) { missing += try await self.missing("current_user", for: role) }
            missing += try await missingOnReadTables(asProjector: roles.contains(.projector))
            return missing.isEmpty ? (true, "ok") : (false, Self.once(missing).joined(separator: "; "))
        }
    }

    /// For `doctor`, which may be run as anybody: what our role may do; and whether the log's roles have their rights, and the read tables are
    /// in one hand.
    public func rights() async -> Finding {
        await finding("rights") {
            let prefix = try await database.pool.execute("SELECT \(database.log).role_prefix()", timeout: .seconds(5)).first?.decode(
                String?.self)
            var missing = try await missing("current_user", for: .reader)
            if let prefix = prefix ?? nil {
                for role in DatabaseRole.allCases { missing += try await self.missing("\("\(prefix)_\(role.rawValue)")", for: role) }
            }
            missing += try await missingOnReadTables(asProjector: false) + foreignReadTables()
            guard missing.isEmpty else { return (false, Self.once(missing).joined(separator: "; ")) }
            var able: [String] = []
            for role in [DatabaseRole.service, .projector] where try await self.missing("current_user", for: role).isEmpty {
                able.append(role.rawValue)
            }
            let us = try await database.pool.execute("SELECT current_user::text").first?.decode(String.self) ?? "?"
            return (true, "\(us) may do what is for \((able + ["reader"]).joined(separator: ", "))")
        }
    }

    /// - Parameter name: an expression for the role's name.
    private func missing(_ name: SQL, for role: DatabaseRole) async throws -> [String] {
        try await database.pool.execute(
            """
            SELECT n::text, m.what, m.statement FROM (SELECT \(fragment: name)) AS r (n)
            CROSS JOIN LATERAL \(database.log).missing_rights(n::name, \(role.rawValue)) AS m
            """, timeout: .seconds(5)
        ).map { row in
            let (name, what, statement) = try row.decode(String.self, String.self, String.self)
            return "\(name) lacks \(what): \(statement)"
        }
    }

    /// What queries need, and batches.
    private func missingOnReadTables(asProjector: Bool) async throws -> [String] {
        var missing: [String] = []
        for (generation, table) in try await liveTables() {
            let row = try await database.pool.execute(
                """
                SELECT current_user::text, v.oid IS NOT NULL,
                    coalesce(has_table_privilege(v.oid, 'SELECT') AND has_schema_privilege(v.relnamespace, 'USAGE'), false),
                    coalesce(pg_get_userbyid(v.relowner), '?')::text, t.oid IS NOT NULL,
                    coalesce(has_table_privilege(v.relowner, t.oid, 'SELECT') AND has_schema_privilege(v.relowner, t.relnamespace, 'USAGE'), false),
                    coalesce(has_table_privilege(t.oid, 'SELECT') AND has_table_privilege(t.oid, 'INSERT') AND has_table_privilege(t.oid, 'UPDATE')
                        AND has_table_privilege(t.oid, 'DELETE') AND has_schema_privilege(t.relnamespace, 'USAGE'), false),
                    coalesce(pg_get_userbyid(t.relowner), '?')::text
                FROM (SELECT) AS one
                LEFT JOIN pg_class AS v ON v.relname = \(table) AND v.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = \(database.readSchema))
                LEFT JOIN pg_class AS t ON t.relname = \(table) AND t.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = \(generation.schema))
                """, timeout: .seconds(5)
            ).first
            guard let row else { continue }
            let (us, view, owner) = (try row[0].decode(String.self), "\(database.readSchema).\(table)", try row[3].decode(String.self))
            if !(try row[4].decode(Bool.self)) {
                missing.append("the table \(generation.schema).\(table) is gone: rebuild \(generation.projection)")
            } else if !(try row[1].decode(Bool.self)) {
                missing.append("the view \(view) is gone: rebuild \(generation.projection)")
            } else if !(try row[5].decode(Bool.self)) {
                missing.append("\(owner), the owner of the view \(view), may not read the table that it shows")
            } else if !(try row[2].decode(Bool.self)) {
                missing.append("\(us) lacks SELECT on \(view)")
            }
            if asProjector, try row[4].decode(Bool.self), !(try row[6].decode(Bool.self)) {
                missing.append("\(us) may not write to \(generation.schema).\(table), which belongs to \(try row[7].decode(String.self))")
            }
        }
        return missing
    }

    /// Tables whose view is somebody else's: the next rebuild would fail.
    private func foreignReadTables() async throws -> [String] {
        try await liveTables().asyncCompactMap { generation, table in
            let owners = try await database.pool.execute(
                """
                SELECT pg_get_userbyid(v.relowner)::text, pg_get_userbyid(s.nspowner)::text
                FROM pg_class AS v JOIN pg_namespace AS n ON n.oid = v.relnamespace AND n.nspname = \(database.readSchema),
                    pg_namespace AS s WHERE s.nspname = \(generation.schema) AND v.relname = \(table) AND v.relowner <> s.nspowner
                """, timeout: .seconds(5)
            ).first?.decode(String.self, String.self)
            return owners.map {
                "the view \(database.readSchema).\(table) belongs to \($0.0), the tables of \(generation.projection) to \($0.1)"
            }
        }
    }

    private func liveTables() async throws -> [(Generation, String)] {
        try await projections.asyncCompactMap { projection in
            try await Generations(projection: projection, database: database).live({
                try await database.pool.execute($0, timeout: .seconds(5))
            })
            .map { generation in projection.tables.map { (generation, $0) } }
        }.flatMap { $0 }
    }

    private static func once(_ texts: [String]) -> [String] {
        texts.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

extension Sequence {
    fileprivate func asyncCompactMap<T>(_ body: (Element) async throws -> T?) async rethrows -> [T] {
        var results: [T] = []
        for element in self { if let result = try await body(element) { results.append(result) } }
        return results
    }
}
