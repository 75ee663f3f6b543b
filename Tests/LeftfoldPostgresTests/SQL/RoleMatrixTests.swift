import LeftfoldDriver
import LeftfoldPostgres
import LeftfoldPostgresTesting
import Testing

/// What each role of a log is refused. The statements are made from the catalog: a table, a column or a function that is new is refused to
/// all until it stands here.
@Suite struct RoleMatrixTests {
    private static let all = Set(DatabaseRole.allCases)
    private static let readers = all.subtracting([.writer])
    private static let projectors: Set<DatabaseRole> = [.owner, .projector, .operator]
    private static let leases: Set<DatabaseRole> = projectors.union([.service])

    /// Tables of which all but the owner see nothing.
    private static let hidden: Set<String> = ["append_lock", "open_holes", "workers"]
    private static let inserting: [String: Set<DatabaseRole>] = [
        "followers": leases, "generations": projectors, "follower_operations": [.owner, .operator],
        "scratches": projectors, "verifications": projectors,
    ]
    private static let deleting: [String: Set<DatabaseRole>] = [
        "followers": projectors, "parked_streams": projectors, "scratches": projectors,
    ]
    private static let updating: [String: Set<DatabaseRole>] = [
        "followers.lease_epoch": leases, "followers.lease_owner": leases, "followers.lease_until": leases,
        "followers.failed_position": projectors, "followers.failed_at": projectors, "followers.failure": projectors,
        "followers.paused_at": projectors,
        "parked_streams.from_version": projectors, "parked_streams.resuming": projectors, "parked_streams.failure": projectors,
        "generations.state": projectors, "generations.follower": projectors, "generations.live_since": projectors,
        "generations.kept_until": projectors, "generations.made": projectors,
        "scratches.position": projectors, "scratches.kept_until": projectors,
        "verifications.generation": projectors, "verifications.position": projectors, "verifications.differing": projectors,
        "verifications.verified_at": projectors,
    ]
    private static let executing: [String: Set<DatabaseRole>] = {
        var rights: [String: Set<DatabaseRole>] = [
            "advance": projectors, "hold_live": projectors, "switch_generation": projectors, "no_such_row": projectors,
            "share_work": projectors, "foreign_relations": projectors, "belongings": projectors, "dependents": projectors,
            "attached": projectors, "carry_over": projectors, "drop_generation": projectors,
            "operate": [.owner, .operator], "begin_epoch": [.owner, .operator],
            "write": [.owner, .writer], "enter_epoch": all,
        ]
        for name in ["append", "append_one", "record"] { rights[name] = [.owner, .service, .writer] }
        let reading = [
            "read_stream", "read_category", "read_log", "page_end", "is_wanted", "matching", "matching_positions", "matching_item",
            "items_of", "guards",
        ]
        for name in reading { rights[name] = readers }
        for name in ["rights", "missing_rights", "may_become", "role_prefix", "read_table_owner"] { rights[name] = all }
        return rights
    }()

    private struct Case {
        let statement: String
        let allowed: Set<DatabaseRole>
        /// What those get that are allowed; nil: whatever is no refusal.
        var state: SQLState?
    }

    @Test("Each role is refused all but what it is for, and the triggers stand against the owner")
    func matrix() async throws {
        try await Logins.lend { logins in
            try await logins.withRoles()
            let cases = try await Self.cases(logins)
            #expect(cases.count > 100)
            for role in DatabaseRole.allCases {
                let connection = try await Connection.connect(logins.configuration(role.rawValue), logger: TestDatabase.quiet)
                for tried in cases {
                    try await connection.execute("BEGIN")
                    var state: SQLState?
                    do throws(PostgresError) {
                        try await connection.execute(SQL(unsafe: tried.statement))
                    } catch {
                        state = error.sqlState ?? .internalError
                    }
                    try await connection.execute("ROLLBACK")
                    if !tried.allowed.contains(role) {
                        #expect(state == .insufficientPrivilege, "\(role): \(tried.statement)")
                    } else if let expected = tried.state {
                        #expect(state == expected, "\(role): \(tried.statement)")
                    } else {
                        #expect(state != .insufficientPrivilege, "\(role): \(tried.statement)")
                    }
                }
                for (function, signature) in try await Self.functions(logins) {
                    let may = try await connection.execute("SELECT has_function_privilege(\(signature), 'EXECUTE')").first?.decode(
                        Bool.self)
                    // Whoever may not use the schema has no use for it.
                    #expect(may == (Self.executing[function] ?? [.owner]).contains(role), "\(role): \(function)")
                }
                await connection.close()
            }
        }
    }

    private static func functions(_ logins: Logins) async throws -> [(String, String)] {
        let connection = try await Connection.connect(logins.superuser, logger: TestDatabase.quiet)
        let functions = try await connection.execute(
            "SELECT proname::text, oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'leftfold'::regnamespace"
        ).map { try $0.decode(String.self, String.self) }
        await connection.close()
        return functions
    }

    private static func cases(_ logins: Logins) async throws -> [Case] {
        let connection = try await Connection.connect(logins.superuser, logger: TestDatabase.quiet)
        let rows = try await connection.execute(
            """
            SELECT c.relname::text, c.relkind = 'v',
                coalesce((SELECT array_agg(a.attname::text) FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attidentity <> 'a'), '{}')
            FROM pg_class AS c WHERE c.relnamespace = 'leftfold'::regnamespace AND c.relkind IN ('r', 'v') ORDER BY 1
            """
        ).map { try $0.decode(String.self, Bool.self, [String].self) }
        await connection.close()
        var cases: [Case] = []
        for (table, isView, columns) in rows {
            cases.append(Case(statement: "SELECT count(*) FROM leftfold.\(table)", allowed: hidden.contains(table) ? [.owner] : readers))
            if isView { continue }
            let guarded = ["events", "commands_without_events", "follower_operations"].contains(table) ? SQLState("LF001") : nil
            cases.append(Case(statement: "INSERT INTO leftfold.\(table) DEFAULT VALUES", allowed: inserting[table] ?? [.owner]))
            cases.append(Case(statement: "DELETE FROM leftfold.\(table) WHERE false", allowed: deleting[table] ?? [.owner], state: guarded))
            // That others refer to it is found out first.
            let truncated = table == "follower_operations" ? SQLState("0A000") : guarded
            cases.append(Case(statement: "TRUNCATE leftfold.\(table)", allowed: [.owner], state: truncated))
            cases.append(
                Case(statement: "LOCK TABLE leftfold.\(table) IN SHARE UPDATE EXCLUSIVE MODE", allowed: deleting[table] ?? [.owner]))
            cases.append(Case(statement: "ALTER TABLE leftfold.\(table) DISABLE TRIGGER USER", allowed: [.owner]))
            for column in columns {
                cases.append(
                    Case(
                        statement: "UPDATE leftfold.\(table) SET \"\(column)\" = \"\(column)\" WHERE false",
                        allowed: updating["\(table).\(column)"] ?? [.owner], state: guarded))
            }
        }
        cases += [
            Case(statement: "CREATE TABLE leftfold.x ()", allowed: [.owner]),
            Case(statement: "DROP SCHEMA leftfold CASCADE", allowed: [.owner]),
            Case(statement: "CREATE SCHEMA x", allowed: projectors),
            Case(statement: "CREATE VIEW public.x AS SELECT 1", allowed: projectors),
            Case(statement: "SELECT * FROM ledger", allowed: readers),
            Case(statement: "UPDATE leftfold_ledger_1.ledger SET text = '' WHERE false", allowed: projectors),
            Case(statement: "DROP VIEW public.ledger", allowed: projectors),
            Case(statement: "DROP SCHEMA leftfold_ledger_1 CASCADE", allowed: projectors),
            Case(statement: "CREATE ROLE x", allowed: []),
        ]
        for role in DatabaseRole.allCases {
            let name = Logins.quoted("\(logins.prefix)_\(role.rawValue)")
            cases.append(Case(statement: "SET LOCAL ROLE \(name)", allowed: role == .projector ? projectors : [role]))
        }
        return cases
    }
}
