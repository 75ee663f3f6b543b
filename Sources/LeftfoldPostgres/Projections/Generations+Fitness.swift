import Leftfold
import LeftfoldDriver

/// What would only show when it is too late: at the switch, or in wrong rows.
extension Generations {
    /// Whatever is in the way of the views is somebody else's, and stays.
    func refuseForeignRelations(on connection: Connection) async throws {
        let foreign = try await connection.execute(
            "SELECT relation FROM \(log).foreign_relations(\(name), \(database.readSchema), \(projection.tables))"
        ).first?.decode(String.self)
        if let foreign { throw UnfitProjection(projection: name, reason: "would replace \(foreign), which is not its view") }
    }

    /// A type whose operators are not found is compared by those of another type that it can become: `citext` as text, and wrongly.
    func refuseUnsearchedTypes(in generation: Generation, on connection: Connection) async throws {
        let row = try await connection.execute(
            """
            SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), n.nspname::text
            FROM pg_class AS c
            JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            JOIN pg_type AS t ON t.oid = a.atttypid
            LEFT JOIN pg_type AS e ON e.oid = t.typelem AND t.typcategory = 'A'
            JOIN pg_namespace AS n ON n.oid = coalesce(e.typnamespace, t.typnamespace)
            WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = \(generation.schema)) AND c.relkind IN ('r', 'p', 'm', 'v', 'f')
                AND n.nspname <> ALL (current_schemas(true))
            ORDER BY 1, a.attnum LIMIT 1
            """
        ).first
        guard let (table, column, type, schema) = try row?.decode(String.self, String.self, String.self, String.self) else { return }
        throw UnfitProjection(
            projection: name,
            reason:
                "has the type \(type) in \(table).\(column), whose operators would not be found: name its schema \(schema) in extensionSchemas"
        )
    }
}
