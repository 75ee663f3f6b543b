import Leftfold
import LeftfoldDriver

/// Compares a live table with its scratch, both at one position, in ranges of the primary key, so that no snapshot lasts.
struct TableComparison: Sendable {
    let table: String
    let live: RowKey
    let scratch: RowKey
    /// Rows of the scratch in one range.
    var size = 10_000

    struct Range: Sendable {
        /// Its last key; nil at the end of the table.
        let end: [String]?
        let counts: Verification.Report.Table
        let differences: [Verification.Difference]
    }

    /// Within one transaction of the scratch, with one snapshot.
    ///
    /// - Parameters:
    ///   - start: the last key of the range before.
    ///   - limit: of the differences that are told.
    func range(after start: [String]?, limit: Int, on connection: Connection) async throws -> Range {
        // Without a key there is no order: the whole table is one range.
        guard !scratch.columns.isEmpty else { return try await whole(limit: limit, on: connection) }
        let end = try await connection.execute(
            """
            SELECT \(fragment: scratch.texts(of: "whole_row")) FROM \(unsafe: scratch.relation) AS whole_row WHERE \(fragment: within(scratch, start, nil))
            ORDER BY \(fragment: scratch.columns(of: "whole_row")) OFFSET \(Int64(size - 1)) LIMIT 1
            """
        ).first?.decode([String].self)
        func rows(_ key: RowKey) -> SQL {
            """
            SELECT \(fragment: key.texts(of: "whole_row")) AS key, whole_row AS fields, whole_row::text AS content FROM \(unsafe: key.relation) AS whole_row
            WHERE \(fragment: within(key, start, end))
            """
        }
        // As text: not every type, json for one, knows what equal means; and one of the projection's own is another one in each schema.
        let compared: SQL = """
            WITH s AS (\(fragment: rows(scratch))), l AS (\(fragment: rows(live))), d AS (
                SELECT coalesce(s.key, l.key) AS key, s.key IS NULL AS unexpected, l.key IS NULL AS missing, s.fields AS expected, l.fields AS live
                FROM s FULL JOIN l ON s.key = l.key WHERE s.content IS DISTINCT FROM l.content)
            """
        let row = try await connection.execute(
            """
            \(fragment: compared)
            SELECT (SELECT count(*) FROM l), count(*) FILTER (WHERE NOT unexpected), count(*) FILTER (WHERE NOT missing),
                count(*) FILTER (WHERE NOT missing AND NOT unexpected) FROM d
            """
        ).first
        guard let (count, missing, unexpected, changed) = try row?.decode(Int.self, Int.self, Int.self, Int.self) else {
            return Range(end: end, counts: .init(name: table), differences: [])
        }
        var differences: [Verification.Difference] = []
        if missing + unexpected > 0, limit > 0 {
            let order = scratch.columns.enumerated().map { index, column -> SQL in
                "(d.key[\(unsafe: "\(index + 1)")])::\(unsafe: column.type)"
            }
            differences = try await read(
                """
                \(fragment: compared), told AS (
                    SELECT row_number() OVER (ORDER BY \(fragments: order)) AS nth, key, missing, unexpected,
                        row_to_json(expected) AS expected, row_to_json(live) AS live
                    FROM d ORDER BY nth LIMIT \(Int64(limit)))
                """, on: connection)
        }
        return Range(
            end: end, counts: .init(name: table, rows: count, missing: missing, unexpected: unexpected, changed: changed),
            differences: differences)
    }

    /// Rows of a key after the one and up to the other.
    private func within(_ key: RowKey, _ start: [String]?, _ end: [String]?) -> SQL {
        let columns = key.columns(of: "whole_row")
        let after: SQL = start.map { "(\(fragment: columns)) > \(fragment: key.row($0))" } ?? "true"
        let upTo: SQL = end.map { "(\(fragment: columns)) <= \(fragment: key.row($0))" } ?? "true"
        return "\(fragment: after) AND \(fragment: upTo)"
    }

    private func whole(limit: Int, on connection: Connection) async throws -> Range {
        func rows(_ key: RowKey) -> SQL { "SELECT row_to_json(whole_row)::text AS content FROM \(unsafe: key.relation) AS whole_row" }
        let compared: SQL = """
            WITH m AS (\(fragment: rows(scratch)) EXCEPT ALL \(fragment: rows(live))), u AS (\(fragment: rows(live)) EXCEPT ALL \(fragment: rows(scratch)))
            """
        let row = try await connection.execute(
            """
            \(fragment: compared)
            SELECT (SELECT count(*) FROM \(unsafe: live.relation)), (SELECT count(*) FROM m), (SELECT count(*) FROM u)
            """
        ).first
        guard let (count, missing, unexpected) = try row?.decode(Int.self, Int.self, Int.self) else {
            return Range(end: nil, counts: .init(name: table), differences: [])
        }
        var differences: [Verification.Difference] = []
        if missing + unexpected > 0, limit > 0 {
            differences = try await read(
                """
                \(fragment: compared), told AS (
                    SELECT row_number() OVER () AS nth, NULL::text[] AS key, missing, NOT missing AS unexpected,
                        CASE WHEN missing THEN content END::json AS expected, CASE WHEN NOT missing THEN content END::json AS live
                    FROM (SELECT true AS missing, content FROM m UNION ALL SELECT false, content FROM u) AS b LIMIT \(Int64(limit)))
                """, on: connection)
        }
        return Range(
            end: nil, counts: .init(name: table, rows: count, missing: missing, unexpected: unexpected), differences: differences)
    }

    /// The columns that differ of the rows that are told.
    private func read(_ told: SQL, on connection: Connection) async throws -> [Verification.Difference] {
        let rows = try await connection.execute(
            """
            \(fragment: told)
            SELECT told.nth, told.key, told.missing, told.unexpected, f.name, f.live::text, f.expected::text
            FROM told LEFT JOIN LATERAL (
                SELECT coalesce(e.key, v.key) AS name, coalesce(e.nth, v.nth) AS nth, v.value AS live, e.value AS expected
                FROM json_each(told.expected) WITH ORDINALITY AS e (key, value, nth)
                FULL JOIN json_each(told.live) WITH ORDINALITY AS v (key, value, nth) ON v.key = e.key
                WHERE v.value::text IS DISTINCT FROM e.value::text) AS f ON true
            ORDER BY told.nth, f.nth
            """
        ).map { try $0.decode(Int.self, [String]?.self, Bool.self, Bool.self, String?.self, String?.self, String?.self) }
        var (differences, last) = ([Verification.Difference](), 0)
        for (number, key, isMissing, isUnexpected, name, liveText, expectedText) in rows {
            if number != last {
                last = number
                differences.append(
                    Verification.Difference(
                        table: table, key: key.map(scratch.fields) ?? [],
                        kind: isMissing ? .missing : isUnexpected ? .unexpected : .changed,
                        columns: []))
            }
            guard let name else { continue }
            func json(_ text: String?) -> RawJSON? { text.map { RawJSON(Array($0.utf8)) } }
            differences[differences.count - 1].columns.append(.init(name: name, live: json(liveText), expected: json(expectedText)))
        }
        return differences
    }
}
