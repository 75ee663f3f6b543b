import Foundation
import Leftfold
import LeftfoldDriver

/// Compares two generations in one snapshot, on the server: a join of each table with its counterpart. Nothing but counts and examples comes here.
struct GenerationComparison: Sendable {
    let generations: Generations
    let generation: Generation
    let limit: Int

    private struct Column {
        let name: String
        let liveType: String?
        let newType: String?
        /// Whether it is of the primary key of both.
        let isKey: Bool
    }

    /// Nil where they are not at the same position.
    func run() async throws -> GenerationDifference? {
        try await generations.database.withConnection { connection in
            try await connection.transaction(isolation: .repeatableRead, readOnly: true) { try await compare(on: $0) }
        }
    }

    private func compare(on connection: Connection) async throws -> GenerationDifference? {
        let log = generations.log
        let standing = try await connection.execute(
            """
            SELECT g.number, g.code_version, f.position, n.position,
                (SELECT count(*) FROM \(log).skipped_events AS s WHERE s.follower = f.name)
                    + (SELECT count(*) FROM \(log).parked_streams AS s WHERE s.follower = f.name)
            FROM \(log).generations AS g JOIN \(log).followers AS f ON f.name = g.follower, \(log).followers AS n
            WHERE g.projection = \(generations.name) AND g.state = 'live' AND n.name = \(generation.follower)
            """
        ).first?.decode(Int.self, Int.self, GlobalPosition.self, GlobalPosition.self, Int.self)
        guard let (number, version, position, built, leftOut) = standing else { throw LeaseLost() }
        guard position == built else { return nil }
        let live = Generation(log: log, projection: generations.name, number: number, codeVersion: version)
        let (liveTables, newTables) = (try await tables(of: live, on: connection), try await tables(of: generation, on: connection))
        var difference = GenerationDifference(
            projection: generations.name.rawValue, live: number, liveVersion: version, generation: generation.number,
            version: generation.codeVersion, position: position, leftOut: leftOut, tables: [],
            tablesOnlyInLive: liveTables.filter { !newTables.contains($0) }, tablesOnlyInNew: newTables.filter { !liveTables.contains($0) })
        for table in newTables where liveTables.contains(table) {
            difference.tables.append(try await compare(table, live, on: connection))
        }
        return difference
    }

    private func tables(of generation: Generation, on connection: Connection) async throws -> [String] {
        try await connection.execute(
            """
            SELECT c.relname::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE n.nspname = \(generation.schema) AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
            """
        ).map { try $0.decode(String.self) }
    }

    /// Those of the live one first, in their order.
    private func columns(of table: String, _ live: Generation, on connection: Connection) async throws -> [Column] {
        func described(_ generation: Generation) -> SQL {
            """
            (SELECT a.attnum, a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type, coalesce(a.attnum = ANY (i.indkey), false) AS is_key
            FROM pg_attribute AS a LEFT JOIN pg_index AS i ON i.indrelid = a.attrelid AND i.indisprimary
            WHERE a.attrelid = to_regclass(format('%I.%I', \(generation.schema)::text, \(table)::text)) AND a.attnum > 0 AND NOT a.attisdropped)
            """
        }
        let rows = try await connection.execute(
            """
            SELECT coalesce(l.name, n.name), l.type, n.type, coalesce(l.is_key, false), coalesce(n.is_key, false)
            FROM \(fragment: described(live)) AS l FULL JOIN \(fragment: described(generation)) AS n ON l.name = n.name
            ORDER BY l.attnum NULLS LAST, n.attnum
            """
        ).map { try $0.decode(String.self, String?.self, String?.self, Bool.self, Bool.self) }
        let haveOneKey = rows.allSatisfy { $0.3 == $0.4 }
        return rows.map { Column(name: $0.0, liveType: $0.1, newType: $0.2, isKey: haveOneKey && $0.3) }
    }

    private func compare(_ table: String, _ live: Generation, on connection: Connection) async throws -> GenerationDifference.Table {
        let columns = try await columns(of: table, live, on: connection)
        let common = columns.filter { $0.liveType != nil && $0.newType != nil }
        let key = columns.filter(\.isKey).map(\.name)
        let join = TableJoin(
            live: "\(identifier: live.schema).\(identifier: table)", new: "\(identifier: generation.schema).\(identifier: table)", key: key,
            hasOneKeyType: common.allSatisfy { !$0.isKey || $0.liveType == $0.newType },
            values: common.map(\.name).filter { !key.contains($0) })
        let counts = try await connection.execute(join.counts).first?.decode(Int.self, Int.self, Int.self, Int.self, Int.self)
        let (liveRows, rows, added, removed, changed) = counts ?? (0, 0, 0, 0, 0)
        return GenerationDifference.Table(
            name: table, liveRows: liveRows, rows: rows, added: added, removed: removed, changed: changed,
            columnsOnlyInLive: columns.filter { $0.newType == nil }.map(\.name),
            columnsOnlyInNew: columns.filter { $0.liveType == nil }.map(\.name),
            retyped: common.compactMap { column in
                guard let before = column.liveType, let now = column.newType, before != now else { return nil }
                return "\(column.name): \(before) → \(now)"
            },
            key: key, examples: limit > 0 ? try await connection.execute(join.examples(limit)).map(join.row) : [])
    }
}
