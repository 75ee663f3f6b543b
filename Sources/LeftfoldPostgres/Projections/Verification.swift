public import Leftfold
import LeftfoldDriver

/// Checks that a projection's tables are what a fold of the log gives (I6): replays events 1 to the checkpoint, one after
/// the other, into scratch tables, and compares, all in one snapshot. Everything is rolled back at the end.
///
/// This is a second fold on purpose: it shares nothing with what it checks but the projection. In the fold form the rows are
/// in memory until they are compared. What an operator had the projection leave out is left out here, too.
public struct Verification: Sendable {
    private let projection: any PostgresProjection
    private let database: LeftfoldDatabase

    public init(_ projection: any PostgresProjection, in database: LeftfoldDatabase) {
        self.projection = projection
        self.database = database
    }

    public struct Report: Sendable, Codable, Equatable {
        public var projection: String
        public var generation: Int
        public var position: GlobalPosition
        /// How many events were left out.
        public var excluded: Int
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

    /// Throws ``VerificationFailed`` where there is nothing that this code could compare with, or the database's error.
    ///
    /// - Parameter progress: called after each page with its position and the checkpoint.
    public func run(progress: (GlobalPosition, GlobalPosition) async -> Void = { _, _ in }) async throws -> Report {
        var report: Report?
        do {
            try await database.withConnection { connection in
                try await connection.transaction(isolation: .repeatableRead) { connection in
                    report = try await compare(on: connection, progress)
                    throw RolledBack()
                }
            }
        } catch is RolledBack {}
        guard let report else { throw failed("it was committed") }
        return report
    }

    /// Leaves the transaction, so that the scratch tables are gone.
    private struct RolledBack: Error {}

    private func compare(on connection: Connection, _ progress: (GlobalPosition, GlobalPosition) async -> Void) async throws -> Report {
        let generations = Generations(projection: projection, database: database)
        guard let live = try await generations.live({ try await connection.execute($0) }) else { throw failed("it has no live generation") }
        guard live.codeVersion == projection.version else {
            throw failed("its live generation was built by version \(live.codeVersion) of the code; this is version \(projection.version)")
        }
        let checkpoint = try await connection.execute(
            "SELECT position FROM \(database.log).followers WHERE name = \(live.follower)"
        ).first?.decode(Int64.self)
        let scratch = Generation(log: database.log, projection: projection.name, number: 0, codeVersion: projection.version)
        try await generations.createTables(of: scratch, on: connection)
        try await generations.use(scratch, on: connection)
        let exclusions = try await Exclusions.find(for: live.follower, after: .zero, in: database.log, on: connection)
        let (position, excluded) = try await replay(
            to: GlobalPosition(rawValue: checkpoint ?? 0), without: exclusions, in: scratch, on: connection, progress)

        var report = Report(
            projection: projection.name.rawValue, generation: live.number, position: position, excluded: excluded, tables: [])
        for table in projection.tables { report.tables.append(try await difference(of: table, live, scratch, on: connection)) }
        return report
    }

    private func replay(
        to checkpoint: GlobalPosition, without exclusions: Exclusions, in scratch: Generation, on connection: Connection,
        _ progress: (GlobalPosition, GlobalPosition) async -> Void
    ) async throws -> (GlobalPosition, excluded: Int) {
        let reader = LogReader(store: database.store, pace: BatchPace(1000), sources: projection.sources)
        var writer = try await projection.form.writer(scratch, connection)
        var position = GlobalPosition.zero
        var excluded = 0
        while position < checkpoint {
            let rows = try await connection.execute(reader.statement(after: position, upTo: checkpoint, in: database.log))
            let events = try LogPage(rows, after: position).events
            guard let last = events.last else { throw failed("its checkpoint \(checkpoint) is beyond the log") }
            do {
                let included = exclusions.isEmpty ? events : events.filter { !exclusions.contains($0) }
                excluded += events.count - included.count
                try await writer.replay(included[...], on: connection)
            } catch let event as FailedEvent {
                throw failed("\(event)")
            }
            position = last.position
            await progress(position, checkpoint)
        }
        try await writer.finishReplay(on: connection)
        return (position, excluded)
    }

    private func difference(of table: String, _ live: Generation, _ scratch: Generation, on connection: Connection) async throws
        -> Report.Table
    {
        // As text: not every type, json for one, knows what equal means.
        let counts = try await connection.execute(
            """
            SELECT (SELECT count(*) FROM \(identifier: live.schema).\(identifier: table)),
                (SELECT count(*) FROM (
                    SELECT s::text FROM \(identifier: scratch.schema).\(identifier: table) AS s
                    EXCEPT ALL SELECT l::text FROM \(identifier: live.schema).\(identifier: table) AS l) AS m),
                (SELECT count(*) FROM (
                    SELECT l::text FROM \(identifier: live.schema).\(identifier: table) AS l
                    EXCEPT ALL SELECT s::text FROM \(identifier: scratch.schema).\(identifier: table) AS s) AS u)
            """
        ).first?.decode(Int.self, Int.self, Int.self)
        guard let (rows, missing, unexpected) = counts else { throw failed("the tables could not be counted") }
        return Report.Table(name: table, rows: rows, missing: missing, unexpected: unexpected)
    }

    private func failed(_ reason: String) -> VerificationFailed { VerificationFailed(projection: projection.name, reason: reason) }
}

/// A verification that could not say whether the tables are right.
public struct VerificationFailed: Error, Sendable, CustomStringConvertible {
    public let projection: ProjectionName
    public let reason: String
    public var description: String { "verifying \(projection) failed: \(reason)" }
}
