import Foundation
import LeftfoldDriver

/// A table of one generation beside its counterpart of another: the rows that only one has, and those that differ.
///
/// Everything is compared as text: not every type, json for one, knows what equal means, and the two may be of different types.
struct TableJoin: Sendable {
    let live: SQL
    let new: SQL
    /// Empty: there is nothing that tells rows apart but the rows themselves.
    let key: [String]
    /// Whether the key has the same types in both: rows are told in its order, else in that of its text.
    let hasOneKeyType: Bool
    /// The other columns that both have.
    let values: [String]

    private static func text(_ side: SQL, _ column: String) -> SQL { "\(fragment: side).\(identifier: column)::text COLLATE \"C\"" }

    private static func list(_ parts: [SQL], _ separator: SQL = ", ") -> SQL {
        parts.dropFirst().reduce(parts.first ?? "") { "\(fragment: $0)\(fragment: separator)\(fragment: $1)" }
    }

    private static func cut(_ value: SQL) -> SQL {
        "CASE WHEN length(\(fragment: value)) > 1000 THEN left(\(fragment: value), 1000) || '…' ELSE \(fragment: value) END"
    }

    private var differences: [SQL] {
        values.map { "\(fragment: Self.text("l", $0)) IS DISTINCT FROM \(fragment: Self.text("n", $0))" }
    }

    // MARK: With a key

    private var joined: SQL {
        let same = key.map { column -> SQL in "\(fragment: Self.text("l", column)) = \(fragment: Self.text("n", column))" }
        return "\(fragment: live) AS l FULL JOIN \(fragment: new) AS n ON \(fragment: Self.list(same, " AND "))"
    }

    /// A primary key is never null: where it is, there is no row.
    private func isAbsent(_ side: SQL) -> SQL { "\(fragment: side).\(identifier: key[0]) IS NULL" }

    private var isChanged: SQL {
        if values.isEmpty { return "false" }
        return """
            (NOT \(fragment: isAbsent("l")) AND NOT \(fragment: isAbsent("n")) AND (\(fragment: Self.list(differences, " OR "))))
            """
    }

    // MARK: Without a key

    /// Whole rows, with how often each is there.
    private static func rows(_ table: SQL) -> SQL {
        "(SELECT (t.*)::text COLLATE \"C\" AS whole, count(*) AS times FROM \(fragment: table) AS t GROUP BY 1)"
    }

    private var joinedWhole: SQL { "\(fragment: Self.rows(live)) AS l FULL JOIN \(fragment: Self.rows(new)) AS n ON l.whole = n.whole" }

    // MARK: Statements

    /// Rows of the live one, rows of the new one, added, removed, changed.
    var counts: SQL {
        if key.isEmpty {
            return """
                SELECT coalesce(sum(l.times), 0)::bigint, coalesce(sum(n.times), 0)::bigint,
                    coalesce(sum(greatest(coalesce(n.times, 0) - coalesce(l.times, 0), 0)), 0)::bigint,
                    coalesce(sum(greatest(coalesce(l.times, 0) - coalesce(n.times, 0), 0)), 0)::bigint, 0::bigint
                FROM \(fragment: joinedWhole)
                """
        }
        return """
            SELECT count(l.\(identifier: key[0])), count(n.\(identifier: key[0])), count(*) FILTER (WHERE \(fragment: isAbsent("l"))),
                count(*) FILTER (WHERE \(fragment: isAbsent("n"))), count(*) FILTER (WHERE \(fragment: isChanged))
            FROM \(fragment: joined)
            """
    }

    /// The first rows that differ, for ``row(_:)``: what they are, the key, both sides, and which of the values differ.
    func examples(_ limit: Int) -> SQL {
        if key.isEmpty {
            return """
                SELECT CASE WHEN coalesce(n.times, 0) > coalesce(l.times, 0) THEN 'added' ELSE 'removed' END,
                    to_json(ARRAY[\(fragment: Self.cut("coalesce(l.whole, n.whole)"))])::text, '[]', '[]', '[]'
                FROM \(fragment: joinedWhole) WHERE l.times IS DISTINCT FROM n.times ORDER BY coalesce(l.whole, n.whole) LIMIT \(Int64(limit))
                """
        }
        func side(_ name: SQL) -> SQL {
            let texts = values.map { Self.cut("\(fragment: name).\(identifier: $0)::text") }
            return "to_json(ARRAY[\(fragment: Self.list(texts))]::text[])::text"
        }
        let keys = key.map { column -> SQL in "coalesce(\(fragment: Self.text("l", column)), \(fragment: Self.text("n", column)))" }
        let order = hasOneKeyType ? key.map { "coalesce(l.\(identifier: $0), n.\(identifier: $0))" } : keys
        return """
            SELECT CASE WHEN \(fragment: isAbsent("l")) THEN 'added' WHEN \(fragment: isAbsent("n")) THEN 'removed' ELSE 'changed' END,
                to_json(ARRAY[\(fragment: Self.list(keys.map(Self.cut)))])::text, \(fragment: side("l")), \(fragment: side("n")),
                to_json(ARRAY[\(fragment: Self.list(differences))]::boolean[])::text
            FROM \(fragment: joined)
            WHERE \(fragment: isAbsent("l")) OR \(fragment: isAbsent("n")) OR \(fragment: isChanged)
            ORDER BY \(fragment: Self.list(order)) LIMIT \(Int64(limit))
            """
    }

    func row(_ row: Row) throws -> GenerationDifference.Row {
        let (change, key, live, new, differs) = try row.decode(String.self, String.self, String.self, String.self, String.self)
        let decoder = JSONDecoder()
        func texts(_ json: String) throws -> [String?] { try decoder.decode([String?].self, from: Data(json.utf8)) }
        let kind = GenerationDifference.Row.Change(rawValue: change) ?? .changed
        let (before, now) = (try texts(live), try texts(new))
        let differing = try decoder.decode([Bool].self, from: Data(differs.utf8))
        return GenerationDifference.Row(
            change: kind, key: try texts(key).map { $0 ?? "NULL" },
            columns: differing.indices.filter { kind != .changed || differing[$0] }.map {
                GenerationDifference.Column(name: values[$0], live: before[$0], new: now[$0])
            })
    }
}
