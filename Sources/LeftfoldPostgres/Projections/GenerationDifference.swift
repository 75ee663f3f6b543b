public import Leftfold

/// How the rows that a version of a projection's code makes differ from those that queries read, both at the same position.
///
/// Rows are told apart by the primary key, and values are equal when their text is: `1.0` is not `1.00`.
public struct GenerationDifference: Sendable, Codable, Equatable {
    public var projection: String
    /// The generation that queries read, and the version of the code that built it.
    public var live: Int
    public var liveVersion: Int
    /// The one that was built to compare.
    public var generation: Int
    public var version: Int
    public var position: GlobalPosition
    /// How many events and streams the live one leaves out, because an operator said so. A new one leaves out nothing.
    public var leftOut: Int
    /// The tables that both have.
    public var tables: [Table]
    public var tablesOnlyInLive: [String]
    public var tablesOnlyInNew: [String]

    public var isEmpty: Bool { tablesOnlyInLive.isEmpty && tablesOnlyInNew.isEmpty && tables.allSatisfy(\.isEmpty) }

    public struct Table: Sendable, Codable, Equatable {
        public var name: String
        public var liveRows: Int
        public var rows: Int
        /// Rows that only the new one has.
        public var added: Int
        /// Rows that only the live one has.
        public var removed: Int
        /// Rows with the same key and other values in the columns that both have.
        public var changed: Int
        public var columnsOnlyInLive: [String]
        public var columnsOnlyInNew: [String]
        /// Columns whose type is another, such as `total: integer → bigint`.
        public var retyped: [String]
        /// The columns that rows are told apart by. Empty where the two have no common primary key: then rows are compared as a whole, and what
        /// has changed is removed and added.
        public var key: [String]
        /// The first rows that differ, in the order of the key.
        public var examples: [Row]

        public var isEmpty: Bool {
            added == 0 && removed == 0 && changed == 0 && columnsOnlyInLive.isEmpty && columnsOnlyInNew.isEmpty && retyped.isEmpty
        }

        enum CodingKeys: String, CodingKey {
            case name
            case liveRows = "live_rows"
            case rows, added, removed, changed
            case columnsOnlyInLive = "columns_only_in_live"
            case columnsOnlyInNew = "columns_only_in_new"
            case retyped, key, examples
        }
    }

    public struct Row: Sendable, Codable, Equatable {
        public enum Change: String, Sendable, Codable { case added, removed, changed }
        public var change: Change
        /// The values of the table's key, in its order; of a table without, the row.
        public var key: [String]
        /// What differs. Of a row that only one has: all columns but the key that it has there.
        public var columns: [Column]
    }

    /// A value on both sides, as text; nil is `NULL`, or there is no such row. Longer ones end after 1,000 characters in `…`.
    public struct Column: Sendable, Codable, Equatable {
        public var name: String
        public var live: String?
        public var new: String?
    }

    enum CodingKeys: String, CodingKey {
        case projection, live
        case liveVersion = "live_version"
        case generation, version, position
        case leftOut = "left_out"
        case tables
        case tablesOnlyInLive = "tables_only_in_live"
        case tablesOnlyInNew = "tables_only_in_new"
    }
}

extension GenerationDifference: CustomStringConvertible {
    /// For people.
    public var description: String {
        var lines = [
            "generation \(generation) (code \(version)) beside the live \(live) (code \(liveVersion)), both at position \(position):"
        ]
        for table in tables { lines += table.lines }
        lines += tablesOnlyInLive.map { "\($0): a table of the live one only" }
        lines += tablesOnlyInNew.map { "\($0): a table of the new one only" }
        if leftOut > 0 { lines.append("the live one leaves out \(leftOut) events and streams, as it was told to") }
        return lines.joined(separator: "\n")
    }
}

extension GenerationDifference.Table {
    fileprivate var lines: [String] {
        var lines = ["\(name): \(liveRows) rows live, \(rows) new: \(added) added, \(removed) removed, \(changed) changed"]
        if key.isEmpty { lines.append("  without a common primary key: rows are compared as a whole") }
        if !columnsOnlyInLive.isEmpty { lines.append("  columns of the live one only: \(columnsOnlyInLive.joined(separator: ", "))") }
        if !columnsOnlyInNew.isEmpty { lines.append("  columns of the new one only: \(columnsOnlyInNew.joined(separator: ", "))") }
        if !retyped.isEmpty { lines.append("  other types: \(retyped.joined(separator: ", "))") }
        lines += examples.map { row in
            let values = row.columns.map { column in
                switch row.change {
                case .added: "\(column.name) \(column.new ?? "NULL")"
                case .removed: "\(column.name) \(column.live ?? "NULL")"
                case .changed: "\(column.name) \(column.live ?? "NULL") → \(column.new ?? "NULL")"
                }
            }
            return "  \(row.change.rawValue) \(row.key.joined(separator: ", "))"
                + (values.isEmpty ? "" : ": " + values.joined(separator: ", "))
        }
        return lines
    }
}
