public import Leftfold
import LeftfoldDriver

/// All generations of a projection, and the views on them, belong to one role, whoever makes them: what a superuser rebuilds, the service
/// must be able to read, and its projector to go on with, to switch from and to drop.
extension Generations {
    /// Makes something new, within a transaction: as the projector's role of the log, if it has one; else as the owner of what is live; else as the
    /// owner of the log. Throws ``ForeignReadTables``.
    func asOwner<T>(on connection: Connection, _ body: (Connection) async throws -> T) async throws -> T {
        let owner = try await connection.execute(
            """
            SELECT o::text, o = current_user, \(database.log).may_become(session_user, o)
            FROM \(database.log).read_table_owner(\(projection.name)) AS o
            """
        ).first?.decode(String.self, Bool.self, Bool.self)
        return try await act(as: owner, on: connection, body)
    }

    /// Does something to a generation that is there, within a transaction. Throws ``ForeignReadTables``.
    func asOwner<T>(of generation: Generation, on connection: Connection, _ body: (Connection) async throws -> T) async throws -> T {
        let owner = try await connection.execute(
            """
            SELECT o::text, o = current_user, \(database.log).may_become(session_user, o)
            FROM pg_namespace AS n, pg_get_userbyid(n.nspowner) AS o WHERE n.nspname = \(generation.schema)
            """
        ).first?.decode(String.self, Bool.self, Bool.self)
        return try await act(as: owner, on: connection, body)
    }

    private func act<T>(
        as owner: (name: String, isUs: Bool, mayBecome: Bool)?, on connection: Connection, _ body: (Connection) async throws -> T
    ) async throws -> T {
        guard let owner, !owner.isUs else { return try await body(connection) }
        let row = try await connection.execute(
            "SELECT current_user::text, current_setting('role'), quote_ident(current_user), quote_ident(\(owner.name))"
        ).first
        guard let (us, before, quoted, quotedOwner) = try row?.decode(String.self, String.self, String.self, String.self) else {
            return try await body(connection)
        }
        guard owner.mayBecome else {
            throw ForeignReadTables(
                projection: projection.name, owner: owner.name, role: us, statement: "GRANT \(quotedOwner) TO \(quoted)")
        }
        try await connection.execute("SELECT set_config('role', \(owner.name), true)")
        // Where it throws, the transaction ends, and the role with it.
        let value = try await body(connection)
        try await connection.execute("SELECT set_config('role', \(before), true)")
        return value
    }

    /// Leftovers of others are theirs to drop.
    func mayDrop(_ generation: Generation, on connection: Connection) async throws -> Bool {
        try await connection.execute(
            "SELECT \(database.log).may_become(session_user, pg_get_userbyid(nspowner)) FROM pg_namespace WHERE nspname = \(generation.schema)"
        ).first?.decode(Bool.self) ?? true
    }
}

/// The read tables of a projection belong to a role that the one at work is no member of.
public struct ForeignReadTables: Error, Sendable, CustomStringConvertible {
    public let projection: ProjectionName
    public let owner: String
    public let role: String
    /// Makes it one.
    let statement: String
    public var description: String {
        "the read tables of \(projection) belong to the role \(owner), and \(role) is no member of it. What helps: \(statement);"
    }
}
