public import Leftfold

extension Verification {
    /// What a comparison of the live tables with the log came to.
    public struct Report: Sendable, Codable, Equatable {
        public var projection: String
        public var generation: Int
        /// Each row was compared at one position, between these two: when the first and when the last rows were.
        public var comparedFrom: GlobalPosition
        public var position: GlobalPosition
        /// How many events were left out.
        public var excluded: Int
        public var tables: [Table]
        /// The first rows that differ, ``Verification/maximumDifferences`` of each table at most.
        public var differences: [Difference]

        public var matches: Bool { differing == 0 }
        /// How many rows differ, in all tables. One with other columns counts once.
        public var differing: Int { tables.reduce(0) { $0 + $1.missing + $1.unexpected - $1.changed } }

        enum CodingKeys: String, CodingKey {
            case projection, generation
            case comparedFrom = "compared_from"
            case position, excluded, tables, differences
        }

        public struct Table: Sendable, Codable, Equatable {
            public var name: String
            public var rows = 0
            /// Rows that the log gives and the table lacks.
            public var missing = 0
            /// Rows that the table has and the log does not give.
            public var unexpected = 0
            /// How many of them are one row, with the same key and other columns. 0 where the table has no primary key.
            public var changed = 0
        }
    }

    /// One row that differs.
    public struct Difference: Sendable, Codable, Equatable {
        public enum Kind: String, Sendable, Codable { case missing, unexpected, changed }

        public var table: String
        /// Empty where the table has no primary key.
        public var key: [KeyField]
        public var kind: Kind
        /// Those that differ: all of a row that is missing or unexpected.
        public var columns: [Column]
        /// The last events that made the row, as far as the log gives one: ``Verification/maximumEvents`` at most.
        public var events: [EventReference] = []
        /// How many there are.
        public var eventCount = 0

        public struct Column: Sendable, Codable, Equatable {
            public var name: String
            /// Nil where there is no row.
            public var live: RawJSON?
            /// What the log gives; nil where it gives no row.
            public var expected: RawJSON?
        }

        enum CodingKeys: String, CodingKey {
            case table, key, kind, columns, events
            case eventCount = "event_count"
        }
    }
}
