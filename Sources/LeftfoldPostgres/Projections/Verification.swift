public import Leftfold
import LeftfoldDriver

/// Checks that a projection's tables are what a fold of the log gives (I6): replays events 1 to the checkpoint, one after
/// the other, into scratch tables, and compares, all in one snapshot. Everything is rolled back at the end.
public struct Verification<P: Projection>: Sendable {
    private let projection: P
    private let database: LeftfoldDatabase

    public init(_ projection: P, in database: LeftfoldDatabase) {
        self.projection = projection
        self.database = database
    }

    public struct Report: Sendable, Codable, Equatable {
        public var projection: String
        public var generation: Int
        public var position: GlobalPosition
        public var tables: [Table]
        public var matches: Bool { tables.allSatisfy { $0.missing == 0 && $0.unexpected == 0 } }

        public struct Table: Sendable, Codable, Equatable {
            public var name: String
            public var rows: Int
            /// Rows that the log gives and the table lacks.
            public var missing: Int
            /// Rows that the table has and the log does not give.
            public var unexpected: Int
        }
    }

    public func run(progress: (GlobalPosition, GlobalPosition) async -> Void = { _, _ in }) async throws -> Report {
        try await database.withConnection { connection in
            do {
                try await connection.transaction(isolation: .repeatableRead) { connection in
                    throw Done(report: try await compare(on: connection, progress))
                }
                throw RebuildFailed(projection: projection.name, reason: "the verification was committed")
            } catch let done as Done {
                return done.report
            }
        }
    }

    /// Thrown to leave the transaction without committing the scratch tables.
    private struct Done: Error { let report: Report }

    private func compare(on connection: Connection, _ progress: (GlobalPosition, GlobalPosition) async -> Void) async throws -> Report {
        let row = try await connection.execute(
            "SELECT generation, position FROM leftfold.checkpoints WHERE projection = \(projection.name.name) AND state = 'live'"
        ).first
        guard let row else { throw RebuildFailed(projection: projection.name, reason: "it has no live generation") }
        let (number, checkpoint) = try row.decode(Int32.self, Int64.self)
        let live = Generation(projection: projection.name, number: Int(number))
        let scratch = Generation(projection: projection.name, number: 0)
        try await scratch.createTables(of: projection, on: connection)
        _ = try await connection.execute("SET LOCAL search_path = \(identifier: scratch.schema)")

        var position = GlobalPosition.zero
        while position.rawValue < checkpoint {
            let limit = min(1000, Int(checkpoint - position.rawValue))
            let rows = try await connection.execute(RecordedEvent.page(after: position, limit: limit))
            let events = try RecordedEvent.contiguous(rows, after: position)
            guard let last = events.last else { throw BrokenLog(expected: "position \(position.next)", found: position) }
            do {
                _ = try await connection.pipeline(try StatementBatch.of(events, projection).0.statements)
            } catch let failed as FailedEvent {
                throw RebuildFailed(projection: projection.name, reason: "position \(failed.event.position): \(failed.reason)")
            }
            position = last.position
            await progress(position, GlobalPosition(rawValue: checkpoint))
        }

        var report = Report(projection: projection.name.name, generation: live.number, position: position, tables: [])
        for table in projection.tables {
            // As text: not every type, json for one, knows what equal means.
            let (rows, missing, unexpected) =
                try await connection.execute(
                    """
                    SELECT (SELECT count(*) FROM \(identifier: live.schema).\(identifier: table)),
                        (SELECT count(*) FROM (
                            SELECT s::text FROM \(identifier: scratch.schema).\(identifier: table) AS s
                            EXCEPT ALL SELECT l::text FROM \(identifier: live.schema).\(identifier: table) AS l) AS m),
                        (SELECT count(*) FROM (
                            SELECT l::text FROM \(identifier: live.schema).\(identifier: table) AS l
                            EXCEPT ALL SELECT s::text FROM \(identifier: scratch.schema).\(identifier: table) AS s) AS u)
                    """
                ).first?.decode(Int.self, Int.self, Int.self) ?? (0, 0, 0)
            report.tables.append(.init(name: table, rows: rows, missing: missing, unexpected: unexpected))
        }
        return report
    }
}
