import Leftfold
import LeftfoldDriver

/// The primary key of a table, and its values as text: as an operator writes them, and as PostgreSQL does.
struct RowKey: Sendable {
    struct Column: Sendable {
        let name: String
        /// As SQL writes it where the tables of its generation are in use.
        let type: String

        /// Names come from the catalog, and may be any.
        var quoted: String { "\"\(name.replacing("\"", with: "\"\""))\"" }
    }

    /// The table, with its schema, as SQL writes it.
    let relation: String
    /// Empty where it has no primary key.
    let columns: [Column]

    /// Of one of these tables, which must be in use. Nil where there is none of this name, or it is a view.
    static func find(_ table: String, in tables: Generation, on connection: Connection) async throws -> RowKey? {
        let rows = try await connection.execute(
            """
            SELECT format('%I.%I', n.nspname, c.relname), a.attname::text, format_type(a.atttypid, a.atttypmod)
            FROM pg_class AS c
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
            LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
            LEFT JOIN LATERAL unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (number, nth) ON k.nth <= i.indnkeyatts
            LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.number
            WHERE n.nspname = \(tables.schema) AND c.relname = \(table) AND c.relkind IN ('r', 'p') ORDER BY k.nth
            """
        ).map { try $0.decode(String.self, String?.self, String?.self) }
        guard let relation = rows.first?.0 else { return nil }
        return RowKey(
            relation: relation,
            columns: rows.compactMap { row in
                guard let name = row.1, let type = row.2 else { return nil }
                return Column(name: name, type: type)
            })
    }

    // MARK: Written by people

    /// The values of a key: the value itself where it is of one column, else `column=value` for each, in any order.
    ///
    /// Throws ``OperationRefused`` where these are no key of this table. They are in PostgreSQL's own spelling then.
    func values(_ written: [String], on connection: Connection) async throws -> [String] {
        let names = columns.map(\.name)
        func unfit(_ reason: String) -> OperationRefused {
            OperationRefused("not_a_key", "\(reason) The key of this table is \(names.map { "\($0)=…" }.joined(separator: " ")).")
        }
        var values: [String] = []
        for name in names {
            let fitting = written.filter { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
            if let value = fitting.first, fitting.count == 1 {
                values.append(value)
            } else if names.count == 1, written.count == 1 {
                values.append(written[0])
            } else {
                throw unfit("\(fitting.isEmpty ? "There is no value" : "There are several values") of \(name).")
            }
        }
        guard written.count == names.count else { throw unfit("These are \(written.count) values.") }
        do {
            let spelt = names.indices.map { index -> SQL in "(\(fragment: cast(values[index], index)))::text" }
            let row = try await connection.execute("SELECT ARRAY[\(fragments: spelt)]").first
            return try row?.decode([String].self) ?? values
        } catch let error as PostgresError where error.sqlState?.errorClass == "22" {
            throw unfit("\(error.message).")
        }
    }

    // MARK: In statements

    private func cast(_ value: String, _ index: Int) -> SQL { "(\(value)::text)::\(unsafe: columns[index].type)" }

    /// The value of one of its columns; nil where the column is none of them.
    func value(of column: String, in values: [String]) -> SQL? {
        columns.firstIndex { $0.name == column }.map { cast(values[$0], $0) }
    }

    /// A key as a row of values.
    func row(_ values: [String]) -> SQL { "(\(fragments: values.indices.map { cast(values[$0], $0) }))" }

    /// Its columns in a table that is called so, with commas between.
    func columns(of alias: String) -> SQL { SQL(unsafe: columns.map { "\(alias).\($0.quoted)" }.joined(separator: ", ")) }

    /// Its values as an array of texts.
    func texts(of alias: String) -> SQL {
        SQL(unsafe: "ARRAY[\(columns.map { "\(alias).\($0.quoted)::text" }.joined(separator: ", "))]")
    }
}
